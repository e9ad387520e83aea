"""The log of the production server: `gunicorn --logger-class` names it."""

from typing import Any

from gunicorn.glogging import Logger

from .logs import Redacted


class RedactingLogger(Logger):
    """Gunicorn's own; what its lines would give away is hidden."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        for log in (self.access_log, self.error_log):
            for handler in log.handlers:
                if handler.formatter is not None:
                    handler.setFormatter(Redacted(handler.formatter))
