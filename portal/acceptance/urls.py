from django.http import HttpResponse
from django.urls import path, register_converter

from relationships.links import TOKEN_PATTERN


class TokenConverter:
    """A link's token; anything else is a plain 404."""

    regex = TOKEN_PATTERN

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(TokenConverter, "token")


def soon(request, **kwargs):
    return HttpResponse("soon")


urlpatterns = [
    path("invitations/<token:token>/", soon, name="invitation"),
    path("partners/<token:token>/", soon, name="partner-link"),
]
