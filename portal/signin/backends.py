"""Local accounts: login and password."""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest

from portal.accounts.models import User


class LocalAccountBackend(ModelBackend):
    """Signs in by login (in any case) and password; grants no permission by itself.

    What a person may do is decided by `relationships.actors`, nowhere else.
    """

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **kwargs: Any,
    ) -> User | None:
        login = (username or kwargs.get("login") or "").strip().lower()
        user = super().authenticate(request, username=login, password=password)
        return user if isinstance(user, User) else None

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        return False

    def has_module_perms(self, user_obj: Any, app_label: str) -> bool:
        return False
