"""A visitor's browser: it keeps cookies, and posts a form's key as a page gives it."""

import re
from typing import Any
from urllib.parse import urlsplit

from django.apps import apps
from django.http import HttpResponse
from django.test import Client

from relationships.actors import Actor
from relationships.models import Invitation, Partner

PASSWORD = "correct horse"


class Visitor(Client):
    def __init__(self, **options: Any) -> None:
        super().__init__(enforce_csrf_checks=True, **options)

    def submit(self, page: str, target: str = "", **data: Any) -> HttpResponse:
        """Open `page` and post one of its forms to `target` (default: the page)."""
        shown = self.get(page)
        key = str(shown.context["csrf_token"])
        return self.post(target or page, {**data, "csrfmiddlewaretoken": key})

    def sign_in(self, page: str, actor: Actor, password: str = PASSWORD) -> Any:
        """Fill in login and password on a link's page, and follow to where it goes."""
        credentials = {"login": actor.user.login, "password": password}
        answer = self.submit(page, f"{page}sign-in/", **credentials)
        return self.get(answer.url) if answer.status_code == 302 else answer

    def acting_as(self, actor: Actor) -> "Visitor":
        self.force_login(actor.user)
        session = self.session
        session["acts_as"] = actor.key
        session.save()
        return self


def path_of(linked: Invitation | Partner) -> str:
    url = linked.url if isinstance(linked, Invitation) else linked.link_url
    return urlsplit(url).path


def text_of(response: HttpResponse) -> str:
    """A page, with white space as a browser shows it, and without its forms' key."""
    html = re.sub(r'value="\w{64}"', 'value="key"', response.content.decode())
    return " ".join(html.split())


def templates_of(response: Any) -> list[str]:
    return [template.name for template in response.templates]


def everything_stored() -> dict[str, list[dict[str, Any]]]:
    """Every row of both apps."""
    models = [
        model
        for app in ("relationships", "subscriptions")
        for model in apps.get_app_config(app).get_models()
        if not model._meta.proxy
    ]
    return {
        model.__name__: list(model._base_manager.order_by("pk").values())
        for model in models
    }
