"""The cart of an order: what is chosen stays in it while more is looked for."""

import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.paginator import Page, Paginator
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.foundation.refusals import words
from relationships.forms import RequestKeyField
from subscriptions.forms import LARGEST_NUMBER
from subscriptions.models import Offer
from subscriptions.services.ordering import LineRequest
from subscriptions.services.seats import refuse_seats_outside_limits

SHOWN = 25  # offers on one page of what was found
MOST_LINES = 200  # each is two fields, and a request has no more than 1000
LONGEST_ID = 18  # digits that a column for ids holds in any case

Row = dict[str, Any]


class CartForm(forms.Form):
    """Seats and a friendly name per offer; `lines` is what was chosen.

    It has fields for the chosen offers and for one page of those that are wanted:
    a price list may have thousands.
    """

    request_key = RequestKeyField()

    acknowledges_overlap = forms.BooleanField(required=False)

    def __init__(
        self,
        offers: Any,
        data: Any = None,
        *,
        wanted: str = "",
        page: Any = 1,
        typed: Any = None,
    ) -> None:
        """`typed` is what stands in the fields of a form that is not sent yet."""
        first = {"request_key": uuid.uuid4(), **(typed or {})}
        super().__init__(data, initial=first)
        self.wanted = wanted.strip()
        self.chosen = list(offers.filter(pk__in=_chosen_ids(data or typed or {})))
        self.page: Page[Offer] = Paginator(offers.search(self.wanted), SHOWN).get_page(
            page
        )
        self.found = [] if self.is_full else self._not_chosen(self.page)
        for offer in (*self.chosen, *self.found):
            self.fields[f"seats-{offer.pk}"] = forms.IntegerField(
                label=gettext_lazy("Seats"),
                required=False,
                min_value=0,
                max_value=LARGEST_NUMBER,
            )
            self.fields[f"name-{offer.pk}"] = forms.CharField(
                label=gettext_lazy("Friendly name"), required=False, max_length=100
            )

    @property
    def is_full(self) -> bool:
        return len(self.chosen) >= MOST_LINES

    def _not_chosen(self, page: Page[Offer]) -> list[Offer]:
        return [offer for offer in page if offer not in self.chosen]

    @cached_property
    def chosen_rows(self) -> list[Row]:
        """Each offer that has seats or a name, with its two fields."""
        return self._rows(self.chosen)

    @cached_property
    def found_rows(self) -> list[Row]:
        return self._rows(self.found)

    def _rows(self, offers: list[Offer]) -> list[Row]:
        return [
            {
                "offer": offer,
                "seats": self[f"seats-{offer.pk}"],
                "name": self[f"name-{offer.pk}"],
            }
            for offer in offers
        ]

    def renew_key(self) -> None:
        """So that the person can go on, with another order."""
        data = self.data.copy()  # type: ignore[attr-defined]
        data["request_key"] = str(uuid.uuid4())
        self.data = data

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        self._refuse_without_key()
        self._refuse_offers_gone_meanwhile()
        self.lines: list[LineRequest] = []
        for offer in self.chosen:
            seats = cleaned.get(f"seats-{offer.pk}")
            if seats:
                self._add_line(offer, seats, cleaned.get(f"name-{offer.pk}", ""))
        if not self.lines and not self.errors:
            raise ValidationError(_("Give the seats of at least one offer."))
        return cleaned

    def _refuse_without_key(self) -> None:
        if self.cleaned_data["request_key"] is None:
            self.renew_key()
            self.add_error(None, _("This form was incomplete. Review it once more."))

    def _refuse_offers_gone_meanwhile(self) -> None:
        given = {name for name, _value in _filled_in(self.data)}
        if not {name for name in given if name.startswith("seats-")} <= set(
            self.fields
        ):
            self.add_error(
                None,
                _("An offer you chose is no longer sold at this price. Choose again."),
            )

    def _add_line(self, offer: Offer, seats: int, name: str) -> None:
        try:
            refuse_seats_outside_limits(offer, seats)
        except ValidationError as error:
            self.add_error(f"seats-{offer.pk}", words(error))
        else:
            self.lines.append(LineRequest(offer, seats, name))

    @property
    def carried(self) -> list[tuple[str, Any]]:
        """What the review sends on: the key, and each field of a line with a value."""
        return [("request_key", self.data["request_key"]), *_filled_in(self.data)]


def _filled_in(data: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in data.items():
        if value and name.startswith(("seats-", "name-")):
            yield name, value


def _chosen_ids(data: Mapping[str, Any]) -> set[int]:
    """Of the offers that have something in their fields; junk is nobody's id."""
    ids = {name.partition("-")[2] for name, _value in _filled_in(data)}
    return {
        int(each)
        for each in ids
        if each.isascii() and each.isdecimal() and len(each) <= LONGEST_ID
    }
