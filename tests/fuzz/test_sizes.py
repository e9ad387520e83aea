"""More than a form can hold: refused as a bad request, before a view sees it."""

import pytest
from django.test import Client

from tests import stories
from tests.public.visitor import everything_stored, path_of

from .requests import FORM

pytestmark = pytest.mark.django_db

MULTIPART = "multipart/form-data; boundary=x"
PART = '--x\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\nb\r\n'
BODIES = [
    ("login=" + "x" * 3_000_000, FORM),
    ("&".join(f"a{number}=1" for number in range(1_001)), FORM),
    (PART * 101 + "--x--\r\n", MULTIPART),
    ("--x\r\nContent-Disposition: form-data\r\n\r\n", "multipart/form-data"),
    ('--x\r\nContent-Disposition: form-data; name="a"\r\n' + "x" * 70_000, MULTIPART),
]


@pytest.mark.parametrize(("body", "kind"), BODIES)
@pytest.mark.parametrize("where", ["sign-in", "link", "admin"])
def test_too_much_is_a_bad_request_and_changes_nothing(body, kind, where):
    sales = stories.staff()
    link = path_of(stories.sent_invitation(sales))
    client = Client()
    client.force_login(sales.user)
    path = {
        "sign-in": "/sign-in/",
        "link": f"{link}sign-in/",
        "admin": "/admin/request-reseller-relationship/",
    }[where]
    before = everything_stored()
    answer = client.generic("POST", path, body, kind)
    assert answer.status_code == 400
    assert everything_stored() == before
