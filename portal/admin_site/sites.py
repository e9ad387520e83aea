from typing import Any

from django.apps import apps
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache

from portal.customers.inbox import staff_notices
from portal.reports import views as reports
from portal.signin import sessions
from relationships.batch_views import request_many
from relationships.models import Notice
from relationships.roles import Action
from relationships.views import made_invitations, request_relationship

from . import front, partner_link
from .acting import choose_partner
from .invitation_template import invitation_template
from .search import search

# The head's links to lists: label, app and model, and the key that goes there.
SECTIONS = (
    (gettext_lazy("Invitations"), "relationships", "invitation", "i"),
    (gettext_lazy("Customers"), "relationships", "customer", "c"),
    (gettext_lazy("Subscriptions"), "subscriptions", "cspsubscription", "s"),
)


class PortalAdminSite(admin.AdminSite):
    """The back office: for partner staff and the operator, as somebody."""

    site_header = gettext_lazy("Partner portal")
    site_title = gettext_lazy("Partner portal")
    index_title = gettext_lazy("Overview")
    enable_nav_sidebar = False

    def has_permission(self, request: HttpRequest) -> bool:
        actor = request.actor  # type: ignore[attr-defined]
        return bool(
            actor and request.user.is_active and (actor.is_staff or actor.is_operator)
        )

    def get_urls(self) -> list[URLPattern | URLResolver]:
        pages = {
            "request-reseller-relationship": request_relationship,
            "request-reseller-relationship/made": made_invitations,
            "request-reseller-relationship/many": request_many,
            "partner-link/renew": partner_link.renew,
            "partner-link/stop": partner_link.stop,
            "search": search,
            "notices": staff_notices,
            "reports": reports.index,
            "invitation-template": invitation_template,
        }
        urls = [
            path(f"{address}/", self.page(view), name=address.replace("/", "-"))
            for address, view in pages.items()
        ]
        urls += [
            path("reports/<slug:slug>/", self.page(reports.page), name="report"),
            path(
                "reports/<slug:slug>/by-mail/",
                self.page(reports.by_mail),
                name="report-by-mail",
            ),
            path(
                "reports/<slug:slug>/<slug:kind>/",
                self.page(reports.export),
                name="report-export",
            ),
        ]
        choose = path("act-as/", self.choose_partner, name="act-as")
        # "View on site" looks an object up whoever asks: nothing here needs it.
        stock = [
            url
            for url in super().get_urls()
            if getattr(url, "name", "") != "view_on_site"
        ]
        return [choose, *urls, *stock]

    def page(self, view: Any) -> Any:
        """A view of this site's own: `admin_view` around one that takes the site."""

        def inner(request: HttpRequest, **given: str) -> HttpResponse:
            return view(request, self, **given)

        return self.admin_view(inner)

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        context = super().each_context(request)
        if self.has_permission(request):
            context["main_nav"] = self._main_nav(request)
            context["shortcuts"] = self._shortcuts(request, context["main_nav"])
            context["may_switch"] = self._may_switch(request)
            context["unread"] = (
                Notice.objects.visible_to(request.actor).unread().count()  # type: ignore[attr-defined]
            )
        return context

    def _main_nav(self, request: HttpRequest) -> list[dict[str, Any]]:
        """The front page and the lists that this role may open."""
        index = reverse("admin:index")
        is_current = request.path == index
        nav: list[dict[str, Any]] = [
            {"label": _("Overview"), "url": index, "current": is_current, "key": "o"}
        ]
        for label, app, model, key in SECTIONS:
            model_admin = self._registry[apps.get_model(app, model)]
            if model_admin.has_module_permission(request):
                url = reverse(f"admin:{app}_{model}_changelist")
                is_current = request.path.startswith(url)
                nav.append(
                    {"label": label, "url": url, "current": is_current, "key": key}
                )
        if request.actor.may(Action.VIEW_REPORTS):  # type: ignore[attr-defined]
            url = reverse("admin:reports")
            is_current = request.path.startswith(url)
            item = {"label": _("Reports"), "url": url, "current": is_current}
            nav.append({**item, "key": "r"})
        return nav

    def _shortcuts(
        self, request: HttpRequest, nav: list[dict[str, Any]]
    ) -> list[dict[str, Any]]:
        """Keys for the search, for each link of the head, and for step 1."""
        search = {"keys": ["/"], "label": _("Search"), "url": "#site-search"}
        lists = [
            {"keys": ["g", item["key"]], "label": item["label"], "url": item["url"]}
            for item in nav
        ]
        step_1 = reverse("admin:request-reseller-relationship")
        new = [
            {"keys": ["n"], "label": link["label"], "url": link["url"]}
            for link in front.quick_links(request.actor)[:1]  # type: ignore[attr-defined]
            if link["url"] == step_1
        ]
        return [search, *lists, *new]

    def _may_switch(self, request: HttpRequest) -> bool:
        return len(sessions.actors_of_session(request)) > 1

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        context = {**front.front_page(request), **(extra_context or {})}
        return super().index(request, context)

    @method_decorator(never_cache)
    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Signing in is one page for everybody; here is only the way to it."""
        target = request.GET.get("next", "")
        if not url_has_allowed_host_and_scheme(target, {request.get_host()}):
            target = reverse("admin:index")
        if self.has_permission(request):
            return HttpResponseRedirect(target)
        query = urlencode({"next": target})
        if not request.user.is_authenticated:
            return HttpResponseRedirect(f"{reverse('sign-in')}?{query}")
        actors = sessions.actors_of_session(request)
        if any(actor.is_staff or actor.is_operator for actor in actors):
            return HttpResponseRedirect(f"{reverse('admin:act-as')}?{query}")
        raise PermissionDenied(
            _("The back office is for staff of a partner. You are not, or not now.")
        )

    def logout(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        return redirect("sign-out")

    def password_change(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        """One page for everybody, which counts guesses."""
        return redirect("account-password")

    def password_change_done(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        return redirect("account")

    def choose_partner(self, request: HttpRequest) -> HttpResponse:
        return choose_partner(request, self)
