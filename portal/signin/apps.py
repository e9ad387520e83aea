from django.apps import AppConfig


class SignInConfig(AppConfig):
    """Signing in: by a local account, or by OpenID Connect."""

    name = "portal.signin"

    def ready(self) -> None:
        from relationships import directory

        from . import checks as own_checks  # noqa: F401 -- registers the checks
        from .openid import checks  # noqa: F401
        from .openid import directory as provider

        directory.register(provider)
