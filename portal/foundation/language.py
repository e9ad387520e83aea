"""Which language a page speaks: the visitor's on public pages, English in the admin."""

from django.conf import settings
from django.http import HttpRequest
from django.middleware.locale import LocaleMiddleware
from django.urls import reverse
from django.utils import translation


class PageLanguageMiddleware(LocaleMiddleware):
    """The language that the visitor chose, or else the browser's.

    The back office is English for everybody: half of it in another language (Django's
    own half) would be worse.
    """

    def process_request(self, request: HttpRequest) -> None:
        if request.path.startswith(reverse("admin:index")):
            translation.activate(settings.LANGUAGE_CODE)
            request.LANGUAGE_CODE = settings.LANGUAGE_CODE
        else:
            super().process_request(request)
