"""Step 7: choose offers, review, order."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.foundation.refusals import words
from relationships.models import Customer
from relationships.roles import Action
from subscriptions.models import Offer
from subscriptions.protection import CSP_NEEDS_RELATIONSHIP
from subscriptions.services.ordering import LineRequest, place_order
from subscriptions.services.overlaps import overlaps

from .cart import CartForm
from .lights import is_ready, readiness


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


@dataclass(frozen=True)
class ReviewGroup:
    """Lines of one term and one billing plan: only these are added up."""

    terms: str
    lines: list[ReviewLine]

    @property
    def first_bill(self) -> Decimal:
        return sum((line.per_period for line in self.lines), Decimal(0))

    @property
    def total(self) -> Decimal:
        return sum((line.per_term for line in self.lines), Decimal(0))


def review_groups(lines: list[LineRequest]) -> list[ReviewGroup]:
    """In the order of their first lines."""
    groups: dict[str, ReviewGroup] = {}
    for line in lines:
        terms = line.offer.terms_text
        group = groups.setdefault(terms, ReviewGroup(terms, []))
        group.lines.append(ReviewLine(line))
    return list(groups.values())


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
        "product__title", "term", "billing_plan", "pk"
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
        typed, page = request.POST.dict(), request.POST["show"]
        return CartForm(offers, wanted=wanted, page=page, typed=typed)
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
        if error.code == "request_key":
            form.renew_key()
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
    groups = review_groups(form.lines)
    offers = [line.offer for line in form.lines]
    is_one_term = len({offer.term for offer in offers}) == 1
    context |= {
        "title": _("Review the order"),
        "groups": groups,
        "currency": offers[0].currency,
        "overlaps": overlaps(context["customer"], [each.product for each in offers]),
        "must_acknowledge": "place" in request.POST,
        "first_bill": sum(group.first_bill for group in groups),
        "total": sum(group.total for group in groups) if is_one_term else None,
        "hidden": form.carried,
    }
    return TemplateResponse(
        request, "admin/relationships/customer/review.html", context
    )
