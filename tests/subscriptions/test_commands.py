from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from portal.foundation import clock, guards
from relationships.models import Invitation
from subscriptions.models import Subscription
from subscriptions.services import upkeep

from .. import stories
from ..relationships.support import DAY, NOON, unchanged
from .test_catalogue import HEAD, PRICE_LIST

pytestmark = pytest.mark.django_db


def output(name, *arguments):
    out = StringIO()
    call_command(name, *arguments, stdout=out)
    return out.getvalue()


def test_import_catalogue_tells_what_is_new_and_then_that_nothing_is():
    first = output("import_catalogue", str(PRICE_LIST))
    assert first.startswith("40 new products, ")
    assert first.endswith(" new offers, 0 new prices.\n")
    second = output("import_catalogue", str(PRICE_LIST))
    assert second == "0 new products, 0 new offers, 0 new prices.\n"


def test_import_catalogue_reads_a_file_with_a_byte_order_mark(tmp_path):
    file = tmp_path / "list.csv"
    file.write_text(HEAD + "CFQ1,0001,Öffice,USD,,6.30,,300\n", encoding="utf-8-sig")
    assert output("import_catalogue", str(file)).startswith("1 new products")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "cannot be read"),
        (b"\xff\xfe\x00", "cannot be read"),
        (b"ProductId\n", "lacks these columns"),
        (HEAD.encode() + b"CFQ1,0001,Office,USD,,x,,\n", "Line 2"),
    ],
)
def test_import_catalogue_fails_with_a_sentence_and_changes_nothing(
    tmp_path, content, words
):
    file = tmp_path / "list.csv"
    if content is not None:
        file.write_bytes(content)
    with unchanged(), pytest.raises(CommandError, match=words) as caught:
        output("import_catalogue", str(file))
    assert caught.value.returncode == 1


def test_clock_shows_its_progress_batch_by_batch(settings):
    settings.CLOCK_BATCH = 2
    sales, shown = stories.staff(), []
    with clock.at(NOON):
        stories.sent_invitation(sales, expires_at=NOON + DAY)
        for _number in range(3):
            admin = stories.tenant()
            stories.relationship(sales, admin)
            stories.csp_subscription(sales, admin.customer)
    with clock.at(NOON.replace(year=2027)):
        upkeep.run_clock(lambda done, total: shown.append((done, total)))
    assert shown == [(0, 4), (1, 4), (3, 4), (4, 4)]


def test_run_clock_tells_what_it_moved_and_then_that_nothing_moved():
    sales, admin = stories.staff(), stories.tenant()
    with clock.at(NOON):
        stories.sent_invitation(sales, expires_at=NOON + DAY)
        stories.relationship(sales, admin)
        stories.csp_subscription(sales, admin.customer)
    with clock.at(NOON + 366 * DAY):
        told = output("run_clock")
        assert told == "1 invitations expired, 1 moves of subscriptions.\n"
        with unchanged():
            told = output("run_clock")
    assert told == "0 invitations expired, 0 moves of subscriptions.\n"
    assert Invitation.objects.filter(status="expired").count() == 1


def test_verify_existing_tells_intact_and_empty_relationships():
    admin = stories.tenant()
    stories.observation(admin.customer)
    stories.relationship(stories.staff(), admin)
    stories.relationship(stories.staff(), stories.tenant())
    assert output("verify_existing") == (
        "1 verified unchanged, 1 with nothing to verify, 0 different.\n"
    )


def test_verify_existing_fails_and_names_the_relationship_when_a_row_differs():
    admin = stories.tenant()
    observation = stories.observation(admin.customer)
    relationship = stories.relationship(stories.staff(), admin)
    with guards.lifted():  # as somebody could who owns the database
        Subscription._base_manager.filter(pk=observation.pk).update(quantity=1)
    with pytest.raises(CommandError, match=str(relationship.pk)) as caught:
        output("verify_existing")
    assert caught.value.returncode == 1
