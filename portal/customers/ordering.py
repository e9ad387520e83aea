"""Step 7: choose offers, review, order."""

import uuid
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from portal.foundation.admin import words
from relationships.forms import RequestKeyField
from relationships.models import Customer
from relationships.roles import Action
from subscriptions.forms import LARGEST_NUMBER
from subscriptions.models import Offer
from subscriptions.protection import CSP_NEEDS_RELATIONSHIP
from subscriptions.services.ordering import LineRequest, place_order
from subscriptions.services.overlaps import overlaps
from subscriptions.services.seats import refuse_seats_outside_limits

from .lights import is_ready, readiness


class CartForm(forms.Form):
    """Seats and a friendly name per offer; `lines` is what was chosen."""

    request_key = RequestKeyField()

    acknowledges_overlap = forms.BooleanField(required=False)

    def __init__(
        self,
        offers: QuerySet[Offer],
        data: Any = None,
        *,
        wanted: str = "",
        typed: Any = None,
    ) -> None:
        """`typed` is what stands in the fields of a form that is not sent yet."""
        first = {"request_key": uuid.uuid4(), **(typed or {})}
        super().__init__(data, initial=first)
        self.offers = list(offers)
        self.wanted = wanted.strip().lower()
        for offer in self.offers:
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
    def rows(self) -> list[dict[str, Any]]:
        """Each offer that is wanted or has seats, with its two fields."""
        rows = []
        for offer in self.offers:
            seats, name = self[f"seats-{offer.pk}"], self[f"name-{offer.pk}"]
            if self.wanted in str(offer).lower() or seats.value() or name.value():
                rows.append({"offer": offer, "seats": seats, "name": name})
        return rows

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        self._refuse_without_key()
        self._refuse_offers_gone_meanwhile()
        self.lines: list[LineRequest] = []
        for offer in self.offers:
            seats = cleaned.get(f"seats-{offer.pk}")
            if seats:
                self._add_line(offer, seats, cleaned.get(f"name-{offer.pk}", ""))
        if not self.lines and not self.errors:
            raise ValidationError(_("Give the seats of at least one offer."))
        return cleaned

    def _refuse_without_key(self) -> None:
        """With a new one in the form, so that the person can go on."""
        if self.cleaned_data["request_key"] is None:
            data = self.data.copy()  # type: ignore[attr-defined]
            data["request_key"] = str(uuid.uuid4())
            self.data = data
            self.add_error(None, _("This form was incomplete. Review it once more."))

    def _refuse_offers_gone_meanwhile(self) -> None:
        chosen = {
            name
            for name, value in self.data.items()
            if name.startswith("seats-") and value
        }
        if not chosen <= set(self.fields):
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


@dataclass(frozen=True)
class ReviewLine:
    """What one line costs, at list price."""

    line: LineRequest

    @property
    def per_period(self) -> Decimal:
        return self.line.offer.price_per_period(self.line.quantity)

    @property
    def per_term(self) -> Decimal:
        return self.line.offer.price_per_term(self.line.quantity)


def order_view(
    request: HttpRequest, customer: Customer, admin_site: Any, opts: Any
) -> HttpResponse:
    """GET chooses; POST reviews; POST with `place` orders what was reviewed."""
    actor = request.actor  # type: ignore[attr-defined]
    actor.require(Action.ORDER)
    if not actor.may(Action.ORDER, customer):
        raise PermissionDenied(words(CSP_NEEDS_RELATIONSHIP.refusal()))
    offers = Offer.objects.available().filter(currency=actor.partner.currency)
    offers = offers.select_related("product").order_by(
        "product__title", "term", "billing_plan"
    )
    lights = readiness(customer, actor)
    form = _cart(request, offers)
    context = {
        **admin_site.each_context(request),
        "opts": opts,
        "original": customer,
        "customer": customer,
        "form": form,
        "title": _("Order CSP subscriptions"),
        "lights": lights,
        "is_ready": is_ready(lights),
    }
    if form.is_bound and "change" not in request.POST and form.is_valid():
        if "place" in request.POST and _place(request, customer, form):
            return HttpResponseRedirect(customer.get_absolute_url())
        if not form.errors:
            return _review(request, form, context)
    return TemplateResponse(request, "admin/relationships/customer/order.html", context)


def _cart(request: HttpRequest, offers: QuerySet[Offer]) -> CartForm:
    """Looking for offers keeps what was typed, and judges nothing yet."""
    wanted = request.POST.get("q", request.GET.get("q", ""))
    if "show" in request.POST:
        return CartForm(offers, wanted=wanted, typed=request.POST.dict())
    data = request.POST if request.method == "POST" else None
    return CartForm(offers, data, wanted=wanted)


def _place(request: HttpRequest, customer: Customer, form: CartForm) -> bool:
    try:
        order = place_order(
            customer,
            actor=request.actor,  # type: ignore[attr-defined]
            lines=form.lines,
            request_key=form.cleaned_data["request_key"],
            acknowledges_overlap=form.cleaned_data["acknowledges_overlap"],
        )
    except ValidationError as error:
        if error.code != "overlap":  # which the review itself asks about
            form.add_error(None, words(error))
        return False
    text = ngettext(
        "Ordered: %(count)s subscription.",
        "Ordered: %(count)s subscriptions.",
        order.lines.count(),
    )
    messages.success(request, text % {"count": order.lines.count()})
    return True


def _review(
    request: HttpRequest, form: CartForm, context: dict[str, Any]
) -> HttpResponse:
    customer = context["customer"]
    lines = [ReviewLine(line) for line in form.lines]
    context |= {
        "title": _("Review the order"),
        "lines": lines,
        "currency": lines[0].line.offer.currency,
        "overlaps": overlaps(customer, [line.offer.product for line in form.lines]),
        "must_acknowledge": "place" in request.POST,
        "total": sum(line.per_term for line in lines),
        "hidden": [
            (name, value)
            for name, value in form.data.items()
            if value and (name.startswith(("seats-", "name-")) or name == "request_key")
        ],
    }
    return TemplateResponse(
        request, "admin/relationships/customer/review.html", context
    )
