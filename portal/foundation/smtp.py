"""E-mail by SMTP that knows when a message may have been taken in spite of an error."""

import smtplib
from typing import Any

from django.core.mail.backends import smtp

GO_AHEAD = 354  # the answer to DATA: from here on the server gets the text
ANSWERS = range(200, 600)


class MayHaveBeenSent(smtplib.SMTPException):
    """The text went out, and no answer came that tells whether it was taken."""


class _Watching(smtplib.SMTP):
    last_answer = 0

    def getreply(self) -> tuple[int, bytes]:
        code, text = super().getreply()
        self.last_answer = code
        return code, text

    def data(self, msg: Any) -> tuple[int, bytes]:
        """Raises SMTPDataError for a refusal before the text, else MayHaveBeenSent."""
        self.last_answer = 0
        try:
            code, text = super().data(msg)
        except smtplib.SMTPDataError:
            raise
        except (smtplib.SMTPException, OSError) as error:
            if self.last_answer == GO_AHEAD:
                raise MayHaveBeenSent(str(error)) from error
            raise
        if code not in ANSWERS:
            raise MayHaveBeenSent(text.decode(errors="replace"))
        return code, text


class _WatchingSSL(_Watching, smtplib.SMTP_SSL):
    pass


class EmailBackend(smtp.EmailBackend):
    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        return _WatchingSSL if self.use_ssl else _Watching
