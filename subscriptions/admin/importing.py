"""Imports and Partner of Record cases in the back office: the operator's."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_tasks import TaskResultStatus

from portal.foundation.admin import Transition
from portal.foundation.exceptions import TransitionNotAllowed
from portal.foundation.refusals import words
from relationships.admin.base import PortalModelAdmin, badge
from relationships.forms import ReasonForm
from relationships.roles import Action

from ..columns import LABELS
from ..enums import ImportState, PorCaseOutcome, RowOutcome
from ..forms import OperatorUploadForm, RetractImportForm, StartForm
from ..import_forms import ColumnsForm
from ..models import Import, PorCase
from ..services.importing.background import begin, preview
from ..services.importing.refusals import refused_file
from ..services.importing.retracting import retract_import
from ..services.importing.uploading import find_customer, sample, upload
from ..services.por_cases import dismiss_por_case, record_por_case

PER_PAGE = 50
STATES = {
    ImportState.UPLOADED: "wait",
    ImportState.CHECKING: "wait",
    ImportState.CHECKED: "warn",
    ImportState.RUNNING: "wait",
    ImportState.DONE: "ok",
}
OUTCOMES = {
    RowOutcome.NEW: "ok",
    RowOutcome.SUPERSEDES: "wait",
    RowOutcome.UNCHANGED: "off",
    RowOutcome.POR_CASE: "warn",
    RowOutcome.REFUSED: "bad",
}
UNNAMED = "unnamed"


def _can_retract(run: Import) -> bool:
    return run.is_over and run.retractable().exists()


@admin.register(Import)
class ImportAdmin(PortalModelAdmin):
    """From a file to what it recorded: upload, columns, preview, result."""

    view_action = Action.RECORD_OBSERVATION
    add_action = Action.RECORD_OBSERVATION
    list_title = gettext_lazy("Imports of existing subscriptions")
    when_empty = gettext_lazy("Nothing was imported yet.")
    list_display = (
        "file_name",
        "channel",
        "progress",
        "total",
        "recorded",
        "refusals",
        "created_by",
        "created_at",
    )
    list_filter = ("state", "channel")
    list_select_related = ("created_by",)
    search_fields = ("file_name",)
    transitions = (
        Transition(
            "start",
            gettext_lazy("Record these rows"),
            Action.RECORD_OBSERVATION,
            begin,
            question=gettext_lazy(
                "%(object)s: all new and superseding rows are recorded, or none."
            ),
            done=gettext_lazy("It is being recorded: %(object)s."),
            is_possible=lambda run: run.state == ImportState.CHECKED,
            form_class=StartForm,
        ),
        Transition(
            "retract",
            gettext_lazy("Retract the whole import"),
            Action.RETRACT_OBSERVATION,
            retract_import,
            question=gettext_lazy(
                "%(object)s: what it recorded was wrong and leaves the current view, "
                "unless something newer was recorded since. The rows stay, with your "
                "reason beside them."
            ),
            done=gettext_lazy("Retracted: %(object)s."),
            is_possible=_can_retract,
            form_class=RetractImportForm,
            css="danger",
        ),
    )

    @admin.display(description=gettext_lazy("state"), ordering="state")
    def progress(self, run: Import) -> str:
        state = ImportState(run.state)
        return badge(STATES[state], str(state.label))

    @admin.display(description=gettext_lazy("new and superseding"))
    def recorded(self, run: Import) -> int:
        return run.to_record

    @admin.display(description=gettext_lazy("refused"))
    def refusals(self, run: Import) -> int:
        return run.refused

    def get_urls(self) -> list[URLPattern]:
        pages = {"columns": self.columns_view, "refused": self.refused_view}
        own = [
            path(
                f"<path:object_id>/{name}/",
                self.admin_site.admin_view(view),
                name=self.url_name(name),
            )
            for name, view in pages.items()
        ]
        return [*own, *super().get_urls()]

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        given = (request.POST, request.FILES) if request.method == "POST" else ()
        form = OperatorUploadForm(*given, tenant=request.GET.get("tenant", ""))
        if request.method == "POST" and form.is_valid():
            run = self._upload(request, form)
            if run is not None:
                return HttpResponseRedirect(self._url("columns", run))
        title = _("Import existing subscriptions")
        return self._page(request, "upload", {"title": title, "form": form})

    def _upload(self, request: HttpRequest, form: OperatorUploadForm) -> Import | None:
        said = form.cleaned_data
        customer = find_customer(said["tenant"], actor=request.actor)  # type: ignore[attr-defined]
        if said["tenant"] and customer is None:
            form.add_error("tenant", _("Unknown tenant."))
            return None
        try:
            return upload(
                said["file"].file,
                said["file"].name,
                actor=request.actor,  # type: ignore[attr-defined]
                channel=said["channel"],
                customer=customer,
                separator=said["separator"],
                encoding=said["encoding"],
            )
        except ValidationError as error:
            form.add_error("file", words(error))
            return None

    def columns_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        run = self.scoped_object(request, object_id)
        form = ColumnsForm(request.POST if request.method == "POST" else None, run=run)
        if request.method == "POST" and form.is_valid():
            try:
                preview(
                    run,
                    actor=request.actor,  # type: ignore[attr-defined]
                    columns=form.columns(),
                    day_first=form.cleaned_data["day_first"],
                )
                return HttpResponseRedirect(run.get_absolute_url())
            except TransitionNotAllowed as error:
                messages.warning(request, str(error))
                return HttpResponseRedirect(run.get_absolute_url())
            except ValidationError as error:
                form.add_error(None, words(error))
        context = {
            "title": _("What is in which column?"),
            "original": run,
            "form": form,
            "sample": sample(run),
        }
        return self._page(request, "columns", context)

    def refused_view(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        return refused_file(self.scoped_object(request, object_id))

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Where it stands; nothing is posted here."""
        run = self.scoped_object(request, object_id)
        if request.method == "POST":
            raise PermissionDenied
        if run.state == ImportState.UPLOADED:
            return HttpResponseRedirect(self._url("columns", run))
        job = run.job if run.is_at_work else None
        shown = "" if run.is_at_work else self._shown(request, run)
        unnamed = 0 if run.is_at_work else run.unnamed().count()
        context = {
            "title": str(run),
            "subtitle": None,
            "original": run,
            "state_kind": STATES[ImportState(run.state)],
            "job": job,
            "has_failed": bool(job and job.status == TaskResultStatus.FAILED),
            "tabs": _tabs(run, shown, unnamed),
            "shown": shown,
            "page": self._rows(request, run, shown),
            "kinds": {str(outcome): kind for outcome, kind in OUTCOMES.items()},
            "transitions": self.possible_transitions(request, run),
            "start_form": StartForm(obj=run, actor=request.actor),  # type: ignore[attr-defined]
        }
        return self._page(request, "import", context)

    def _shown(self, request: HttpRequest, run: Import) -> str:
        """Which rows: those asked for, else the first kind that needs a look."""
        asked = request.GET.get("rows", "")
        if asked in {*RowOutcome.values, UNNAMED}:
            return asked
        worth = (
            RowOutcome.REFUSED,
            RowOutcome.POR_CASE,
            RowOutcome.SUPERSEDES,
            RowOutcome.NEW,
        )
        return next((str(o) for o in worth if run.count(o)), str(RowOutcome.UNCHANGED))

    def _rows(self, request: HttpRequest, run: Import, shown: str) -> Any:
        if not shown:
            return None
        if shown == UNNAMED:
            rows: Any = run.unnamed().select_related("customer")
        else:
            rows = run.rows.filter(outcome=shown).order_by("line")
            rows = rows.select_related("customer", "known")
        return Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))

    def _url(self, page: str, run: Import) -> str:
        return reverse(f"admin:{self.url_name(page)}", args=[run.pk])

    def _page(
        self, request: HttpRequest, name: str, context: dict[str, Any]
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            **context,
        }
        template = f"admin/subscriptions/importing/{name}.html"
        return TemplateResponse(request, template, context)


def _tabs(run: Import, shown: str, unnamed: int) -> list[dict[str, Any]]:
    """Every kind of row with how many there are."""
    kinds = [
        {"key": str(outcome), "label": outcome.label, "count": count}
        for outcome, count in run.outcomes
    ]
    others = {"key": UNNAMED, "label": _("Not in the file"), "count": unnamed}
    return [{**tab, "is_shown": tab["key"] == shown} for tab in (*kinds, others)]


@admin.register(PorCase)
class PorCaseAdmin(PortalModelAdmin):
    """Statements that name another Partner of Record; the operator decides."""

    view_action = Action.RETRACT_OBSERVATION
    list_title = gettext_lazy("Partner of Record cases")
    when_empty = gettext_lazy(
        "No case: no statement named another Partner of Record than the recorded one."
    )
    list_display = (
        "observation",
        "customer",
        "recorded_now",
        "stated",
        "state",
        "opened_at",
    )
    list_filter = ("outcome",)
    list_select_related = ("observation", "customer")
    search_fields = ("customer__company_name", "por_name", "por_mpn_id")
    fields = (
        "customer",
        "observation",
        "recorded_now",
        "stated",
        "said",
        "stated_by_customer",
        "run",
        "opened_at",
        "state",
        "closed_at",
        "closed_by",
        "reason",
    )
    transitions = (
        Transition(
            "record",
            gettext_lazy("Record it"),
            Action.RETRACT_OBSERVATION,
            record_por_case,
            question=gettext_lazy(
                "%(object)s: a new observation names this Partner of Record from now "
                "on; the old one stays as it is. Give the customer's written word as "
                "the reason."
            ),
            done=gettext_lazy("Recorded: %(object)s."),
            is_possible=lambda case: case.is_open,
            form_class=ReasonForm,
        ),
        Transition(
            "dismiss",
            gettext_lazy("Dismiss it"),
            Action.RETRACT_OBSERVATION,
            dismiss_por_case,
            question=gettext_lazy(
                "%(object)s: what is recorded stays, and the same statement opens no "
                "second case."
            ),
            done=gettext_lazy("Dismissed: %(object)s."),
            is_possible=lambda case: case.is_open,
            form_class=ReasonForm,
        ),
    )

    @admin.display(description=gettext_lazy("recorded"))
    def recorded_now(self, case: PorCase) -> str:
        return case.observation.partner_of_record_text or _("nobody")

    @admin.display(description=gettext_lazy("stated"))
    def stated(self, case: PorCase) -> str:
        return case.stated_text

    @admin.display(description=gettext_lazy("statement"))
    def said(self, case: PorCase) -> str:
        values = [(LABELS[name], value) for name, value in case.statement.items()]
        told = ((label, value) for label, value in values if value not in ("", None))
        lines = format_html_join("", "<li>{}: {}</li>", told)
        return format_html('<ul class="bare">{}</ul>', lines)

    @admin.display(description=gettext_lazy("state"), ordering="outcome")
    def state(self, case: PorCase) -> str:
        outcome = PorCaseOutcome(case.outcome)
        return badge("warn" if case.is_open else "off", str(outcome.label))
