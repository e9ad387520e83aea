"""Pages of signing in that an address alone does not reach, by what leads to them."""

from collections.abc import Callable, Iterator
from typing import Any

from django.contrib.auth.tokens import default_token_generator
from django.test import override_settings
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from portal.signin.openid import provider as providers

from .. import stories
from ..public.visitor import PASSWORD, Visitor, path_of
from ..signin.openid.faulty import CLIENT_ID, CLIENT_SECRET, Faulty, person
from ..signin.openid.listening import Listening
from ..signin.openid.walking import CALLBACK, sign_in
from ..signin.people import code_at, give_code, give_password, with_factor, wrong_code


def new_password() -> Any:
    user = stories.tenant().user
    assert user is not None
    visitor, key = Visitor(), urlsafe_base64_encode(force_bytes(user.pk))
    token = default_token_generator.make_token(user)
    return visitor.get(f"/password/new/{key}/{token}/", follow=True)


def code_is_wrong() -> Any:
    actor, visitor = stories.staff(), Visitor()
    with_factor(actor)
    give_password(visitor, actor)
    return give_code(visitor, wrong_code())


def locked() -> Any:
    actor, visitor = stories.tenant(), Visitor()
    for _guess in range(20):
        answer = give_password(visitor, actor, password="wrong")
        if answer.status_code == 429:
            return answer
    raise AssertionError("Nobody is locked out.")


def account_with_factor() -> Any:
    return _with_factor().get("/account/")


def password_before_removal() -> Any:
    return _with_factor().get("/account/second-factor/remove/")


def recovery_codes() -> Any:
    return _with_factor().submit("/account/recovery-codes/", password=PASSWORD)


def factor_with_a_wrong_code() -> Any:
    visitor = Visitor().acting_as(stories.tenant())
    return visitor.submit("/account/second-factor/", code=wrong_code())


def asked_too_often() -> Any:
    with override_settings(LINKS_PER_MINUTE=0):
        return Visitor().get("/invitations/x/")


def _with_factor() -> Visitor:
    actor, visitor = stories.tenant(), Visitor()
    with_factor(actor)
    give_password(visitor, actor)
    give_code(visitor, code_at())
    return visitor


def landing_with_openid(provider: Faulty) -> Any:
    return Visitor().get(path_of(stories.sent_invitation(stories.staff())))


def sign_in_with_openid(provider: Faulty) -> Any:
    return Visitor().get("/sign-in/")


def openid_failed(provider: Faulty) -> Any:
    return Visitor().get(CALLBACK, {"error": "access_denied", "state": "x"})


def openid_company(provider: Faulty) -> Any:
    path = path_of(stories.sent_invitation(stories.staff()))
    return sign_in(Visitor(), provider, person(), path)


def openid_linked(provider: Faulty) -> Any:
    return Visitor().acting_as(stories.staff()).get("/account/openid/")


def openid_confirm(provider: Faulty) -> Any:
    sales = stories.staff()
    assert sales.partner is not None
    told = person(tid=str(sales.partner.tenant_id))
    visitor = Visitor().acting_as(sales)
    return sign_in(visitor, provider, told, start="/account/openid/link/")


STORIES: list[Callable[[], Any]] = [
    *(new_password, code_is_wrong, locked, account_with_factor, recovery_codes),
    *(password_before_removal, factor_with_a_wrong_code, asked_too_often),
]
OPENID: list[Callable[[Faulty], Any]] = [
    *(landing_with_openid, sign_in_with_openid, openid_failed, openid_company),
    *(openid_linked, openid_confirm),
]


def account_pages() -> Iterator[tuple[str, Any]]:
    """Each with a name that stands for its address."""
    for story in STORIES:
        yield f"/{story.__name__}", story()
    with (
        Listening() as provider,
        override_settings(
            OIDC_ISSUER=provider.issuer,
            OIDC_CLIENT_ID=CLIENT_ID,
            OIDC_CLIENT_SECRET=CLIENT_SECRET,
            PUBLIC_URL="http://testserver",
        ),
    ):
        for openid_story in OPENID:
            yield f"/{openid_story.__name__}", openid_story(provider)
    providers._provider.cache_clear()
