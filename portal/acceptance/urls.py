from django.urls import path, re_path, register_converter

from relationships.links import TOKEN_PATTERN

from . import importing, partner_link, views


class TokenConverter:
    """A link's token; anything else is a plain 404."""

    regex = TOKEN_PATTERN

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(TokenConverter, "token")

INVITATION = "invitations/<token:token>/"
PARTNER = "partners/<token:token>/"

urlpatterns = [
    path(INVITATION, views.invitation, name="invitation"),
    path(f"{INVITATION}sign-in/", views.sign_in, name="invitation-sign-in"),
    path(f"{INVITATION}existing/", views.add_existing, name="invitation-existing"),
    path(f"{INVITATION}upload/", importing.upload_existing, name="invitation-upload"),
    path(
        f"{INVITATION}import/<uuid:run_id>/",
        importing.import_existing,
        name="invitation-import",
    ),
    path(f"{INVITATION}accept/", views.accept, name="invitation-accept"),
    path(f"{INVITATION}decline/", views.decline, name="invitation-decline"),
    path(f"{INVITATION}ask/", views.ask, name="invitation-ask"),
    path(PARTNER, partner_link.partner_link, name="partner-link"),
    path(f"{PARTNER}sign-in/", partner_link.sign_in, name="partner-link-sign-in"),
    re_path(r"^(?:invitations|partners)/(?:.*/)?$", views.unknown),
]
