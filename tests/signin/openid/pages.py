"""Every page that signing in by OpenID Connect can end on, as a German browser has it.

Each story starts a provider of its own, makes the state and gives the answer.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

from django.test import override_settings

from portal.accounts.models import Identity, User
from portal.signin.openid import provider as providers
from tests import stories
from tests.factories import CustomerFactory
from tests.public.visitor import Visitor, path_of

from .faulty import CLIENT_ID, CLIENT_SECRET, Faulty, person
from .listening import Listening
from .walking import CALLBACK, START, come_back, to_provider

Story = Callable[[], Any]


def german() -> Visitor:
    return Visitor(headers={"accept-language": "de-DE,de;q=0.9,en;q=0.5"})


@contextmanager
def listening() -> Iterator[Faulty]:
    """A provider, and the settings that name it."""
    with Listening() as provider:
        named = {
            "OIDC_ISSUER": provider.issuer,
            "OIDC_CLIENT_ID": CLIENT_ID,
            "OIDC_CLIENT_SECRET": CLIENT_SECRET,
            "OIDC_TIMEOUT": 5,
            "PUBLIC_URL": "http://testserver",
        }
        with override_settings(**named):
            yield provider
    providers._provider.cache_clear()


def told(story: Callable[[Faulty], Any]) -> Story:
    @wraps(story)
    def tell() -> Any:
        with listening() as provider:
            return story(provider)

    return tell


def _invitation() -> str:
    return path_of(stories.sent_invitation(stories.staff()))


def _known(**claims: Any) -> dict[str, Any]:
    return person(tid=str(CustomerFactory().tenant_id), **claims)


def _with_fault(fault: str) -> Story:
    @told
    def story(provider: Faulty) -> Any:
        ada = _known()
        provider.fault = fault
        return come_back(german(), provider, ada, _invitation())

    story.__name__ = f"openid_{fault.replace(' ', '_').replace(':', '_')}"
    return story


def _with_error(error: str) -> Story:
    @told
    def story(provider: Faulty) -> Any:
        visitor = german()
        sent = provider.sign_in(to_provider(visitor, _invitation()), _known())
        return visitor.get(CALLBACK, {"error": error, "state": sent["state"]})

    story.__name__ = f"openid_{error}"
    return story


@told
def openid_landing(provider: Faulty) -> Any:
    return german().get(_invitation())


@told
def openid_sign_in(provider: Faulty) -> Any:
    return german().get("/sign-in/")


@told
def openid_slow(provider: Faulty) -> Any:
    visitor = german()
    sent = provider.sign_in(to_provider(visitor, _invitation()), _known())
    provider.fault = "token:slow"
    providers.current().timeout = 0.2
    return visitor.get(CALLBACK, sent)


@told
def openid_unknown_state(provider: Faulty) -> Any:
    return german().get(CALLBACK, {"state": "unheard of"})


@told
def openid_code_used(provider: Faulty) -> Any:
    visitor = german()
    sent = provider.sign_in(to_provider(visitor, _invitation()), _known())
    return visitor.get(CALLBACK, {**sent, "code": "another"})


@told
def openid_personal_account(provider: Faulty) -> Any:
    consumer = person(tid="9188040d-6c67-4c5b-b112-36a304b66dad")
    return come_back(german(), provider, consumer, _invitation())


@told
def openid_unknown_tenant(provider: Faulty) -> Any:
    return come_back(german(), provider, person(), start=START)


@told
def openid_switched_off(provider: Faulty) -> Any:
    ada, path = _known(), _invitation()
    come_back(german(), provider, ada, path)
    User.objects.filter(identities__isnull=False).update(is_active=False)
    return come_back(german(), provider, ada, path)


@told
def openid_staff_not_linked(provider: Faulty) -> Any:
    sam = person(tid=str(stories.staff().partner.tenant_id))
    return come_back(german(), provider, sam, start=START)


@told
def openid_company(provider: Faulty) -> Any:
    visitor = german()
    answer = come_back(visitor, provider, person(), _invitation())
    return visitor.get(visitor.get(answer.url).url)


@told
def openid_company_with_mistakes(provider: Faulty) -> Any:
    visitor = german()
    answer = come_back(visitor, provider, person(), _invitation())
    page = visitor.get(answer.url).url
    return visitor.submit(page, company_name="", country="49")


@told
def openid_wrong_tenant(provider: Faulty) -> Any:
    domain = CustomerFactory().primary_domain
    invitation = stories.sent_invitation(stories.staff(), customer_domain=domain)
    visitor = german()
    answer = come_back(visitor, provider, person(), path_of(invitation))
    return visitor.get(answer.url)


@told
def openid_account(provider: Faulty) -> Any:
    return german().acting_as(stories.staff()).get("/account/")


@told
def openid_linked(provider: Faulty) -> Any:
    staff = stories.staff()
    Identity.objects.create(
        user=staff.user,
        issuer=provider.issuer,
        tenant_id=staff.partner.tenant_id,
        object_id="1",
    )
    return german().acting_as(staff).get("/account/openid/")


@told
def openid_nothing_linked(provider: Faulty) -> Any:
    return german().acting_as(stories.staff()).get("/account/openid/")


def _linking(provider: Faulty, **claims: Any) -> Visitor:
    staff = stories.staff()
    visitor = german().acting_as(staff)
    sam = person(**{"tid": str(staff.partner.tenant_id), **claims})
    come_back(visitor, provider, sam, start="/account/openid/link/")
    return visitor


@told
def openid_confirm_link(provider: Faulty) -> Any:
    return _linking(provider).get("/account/openid/confirm/")


@told
def openid_link_refused(provider: Faulty) -> Any:
    visitor = _linking(provider, tid="5c0e7a9c-0000-4000-8000-000000000000")
    return visitor.submit("/account/openid/confirm/")


STORIES: list[Story] = [
    *(openid_landing, openid_sign_in, openid_slow, openid_unknown_state),
    *(openid_code_used, openid_personal_account, openid_unknown_tenant),
    *(openid_switched_off, openid_staff_not_linked, openid_wrong_tenant),
    *(openid_company, openid_company_with_mistakes, openid_account),
    *(openid_linked, openid_nothing_linked, openid_confirm_link, openid_link_refused),
    *map(_with_fault, ["keys:down", "token:no json", "token:wrong secret"]),
    *map(_with_fault, ["wrong nonce", "expired", "no oid", "no wids"]),
    *map(_with_error, ["access_denied", "consent_required"]),
]
