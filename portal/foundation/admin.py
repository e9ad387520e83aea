"""The admin's scoped base, and the one helper behind every workflow button.

`request.actor` decides everything here: which rows (`visible_to` of the queryset),
which verbs (`may`) and which columns (`may_see`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Union

from crispy_forms.helper import FormHelper
from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models, transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from . import lists
from .countries import CountrySelect
from .exceptions import TransitionNotAllowed
from .refusals import REFUSALS, words

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

Words = Union["str", "_StrPromise"]


def is_as_shown(request: HttpRequest, stamp: object) -> bool:
    """Whether the page that was posted showed this state; a second click did not."""
    if request.POST.get("stamp", "") == str(stamp):
        return True
    messages.warning(
        request, _("This was done already, or changed meanwhile: see the state now.")
    )
    return False


class TransitionForm(forms.Form):
    """What a transition asks for; `obj` and `actor` are there for first values.

    `refused_field` names the field beside which a rule's refusal is shown.
    """

    refused_field: str | None = None

    def __init__(self, data: Any = None, *, obj: Any, actor: Any) -> None:
        super().__init__(data)
        self.obj, self.actor = obj, actor
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.disable_csrf = True

    def add_refusal(self, error: Exception) -> None:
        is_of_value = isinstance(error, ValidationError)
        self.add_error(self.refused_field if is_of_value else None, words(error))


@dataclass(frozen=True)
class Transition:
    """A workflow button of an object: GET confirms, POST calls the service.

    `action` is the right that it takes, `run` the service's call with the object, the
    actor and the form's values. `question` says what will happen, `why_not` why it is
    not possible now, `told` what came of it where that is not `done`. A verb that could
    be done twice has a `stamp`, what the object was when the page was shown: a second
    click finds another one and changes nothing.
    """

    name: str
    label: Words
    action: str
    run: Callable[..., Any]
    question: Words
    done: Words
    is_possible: Callable[[Any], bool] = lambda obj: True
    why_not: Callable[[Any], str] = lambda obj: ""
    told: Callable[[Any], str] = lambda result: ""
    form_class: type[TransitionForm] = TransitionForm
    stamp: Callable[[Any], object] | None = None
    css: str = ""
    template: str = "admin/confirm.html"


class BoxOrId(AutocompleteSelect):
    """A box that completes what is typed; without script, a field for the id."""

    def render(
        self, name: str, value: Any, attrs: Any = None, renderer: Any = None
    ) -> Any:
        return format_html(
            '{}<noscript><input type="text" name="{}" value="{}" aria-label="{}" '
            'placeholder="{}"></noscript>',
            super().render(name, value, attrs, renderer),
            name,
            value or "",
            _("ID"),
            _("ID in the address of its page"),
        )


class ScopedModelAdmin(admin.ModelAdmin):
    """Shows the actor's rows only and offers what its role grants.

    An action of None is granted to nobody: rows come and go by services. `restricted`
    names columns that not every role sees, `export_more` what a file has besides. Rows
    of a model that is not `scoped` are nobody's: whoever has `view_action` sees all.
    """

    scoped = True
    view_action: str
    add_action: str | None = None
    change_action: str | None = None
    delete_action: str | None = None
    restricted: dict[str, str] = {}
    export_more: tuple[str, ...] = ()
    transitions: tuple[Transition, ...] = ()
    list_title: Words = ""
    when_empty: Words = ""
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    view_on_site = False
    list_per_page = 50

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        queryset: Any = super().get_queryset(request)
        if not self.scoped:
            return queryset
        return queryset.visible_to(request.actor)  # type: ignore[attr-defined]

    # Rights

    def _may(self, request: HttpRequest, action: str | None, obj: Any = None) -> bool:
        actor = request.actor  # type: ignore[attr-defined]
        return bool(actor and action and actor.may(action, obj))

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self._may(request, self.view_action)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """The role decides here; which rows, `get_queryset`."""
        return self._may(request, self.view_action)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self._may(request, self.add_action)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, self.change_action, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, self.delete_action, obj)

    # Columns

    def _visible(self, request: HttpRequest, names: Any) -> list[Any]:
        actor = request.actor  # type: ignore[attr-defined]
        return [
            name
            for name in names
            if name not in self.restricted or actor.may_see(self.restricted[name])
        ]

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        return self._visible(request, super().get_list_display(request))

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        return self._visible(request, super().get_fields(request, obj))

    def get_search_fields(self, request: HttpRequest) -> list[str]:
        return self._visible(request, super().get_search_fields(request))

    def lookup_allowed(self, lookup: str, value: str, request: Any = None) -> bool:
        """By the list's own filters alone: other columns may be hidden."""
        names = [getattr(f, "parameter_name", f) for f in self.get_list_filter(request)]
        return any(lookup == name or lookup.startswith(f"{name}__") for name in names)

    def formfield_for_dbfield(
        self, db_field: models.Field[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> forms.Field | None:
        if db_field.name == "country":
            kwargs |= {"widget": CountrySelect, "help_text": ""}
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def formfield_for_foreignkey(
        self, db_field: Any, request: HttpRequest, **kwargs: Any
    ) -> Any:
        """Offer only rows that the actor sees; where they are many, by typing."""
        manager = db_field.remote_field.model._default_manager
        if hasattr(manager, "visible_to"):
            kwargs.setdefault("queryset", manager.visible_to(request.actor))  # type: ignore[attr-defined]
        if db_field.name in self.get_autocomplete_fields(request):
            kwargs["widget"] = BoxOrId(db_field, self.admin_site)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        title = self.list_title or capfirst(self.opts.verbose_name_plural)
        context = {"title": title, **(extra_context or {})}
        lists.remember(request, self.opts)
        return super().changelist_view(request, context)

    def get_preserved_filters(self, request: HttpRequest) -> str:
        """As the person left the list, whichever way led on from there."""
        return lists.preserved_filters(request, self.opts)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        obj = self.scoped_object(request, object_id)
        context = {**self.page_context(request, obj), **(extra_context or {})}
        return super().change_view(request, object_id, form_url, context)

    def page_context(self, request: HttpRequest, obj: Any) -> dict[str, Any]:
        """For the stock page: the title an object deserves, and its buttons."""
        return {
            "title": str(obj),
            "subtitle": None,
            "show_save_and_add_another": False,
            "show_close": False,  # the breadcrumbs lead back
            "transitions": self.possible_transitions(request, obj),
        }

    # Workflow

    def get_urls(self) -> list[URLPattern]:
        urls = [
            path(
                f"<path:object_id>/{transition.name}/",
                self.admin_site.admin_view(self._transition_view(transition)),
                name=self.url_name(transition.name),
            )
            for transition in self.transitions
        ]
        return urls + super().get_urls()

    def url_name(self, name: str) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_{name}"

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Any:
        """None also for an id with a NUL, which PostgreSQL cannot even look for."""
        if "\0" in object_id:
            return None
        return super().get_object(request, object_id, from_field)

    def scoped_object(self, request: HttpRequest, object_id: str) -> Any:
        """The object when the actor sees it; otherwise a plain 404."""
        obj = self.get_object(request, object_id)
        if obj is None or not self.has_view_permission(request, obj):
            raise Http404
        return obj

    def possible_transitions(self, request: HttpRequest, obj: Any) -> list[Transition]:
        return [
            transition
            for transition in self.transitions
            if self._may(request, transition.action, obj)
            and transition.is_possible(obj)
        ]

    def _transition_view(
        self, transition: Transition
    ) -> Callable[[HttpRequest, str], HttpResponse]:
        def view(request: HttpRequest, object_id: str) -> HttpResponse:
            obj = self.scoped_object(request, object_id)
            if not self._may(request, transition.action, obj):
                raise PermissionDenied
            return self._confirm(request, obj, transition)

        return view

    def _confirm(
        self, request: HttpRequest, obj: Any, transition: Transition
    ) -> HttpResponse:
        actor = request.actor  # type: ignore[attr-defined]
        data = request.POST if request.method == "POST" else None
        form = transition.form_class(data, obj=obj, actor=actor)
        if request.method == "POST" and form.is_valid():
            try:
                done = self._run_once(request, obj, transition, form.cleaned_data)
                if done:
                    messages.success(request, done)
                return HttpResponseRedirect(self.object_url(obj))
            except (TransitionNotAllowed, ValidationError) as error:
                form.add_refusal(error)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": obj,
            "object_url": self.object_url(obj),
            "title": transition.label,
            "css": transition.css,
            "question": transition.question % {"object": obj},
            "form": form,
            "is_possible": transition.is_possible(obj),
            "why_not": transition.why_not(obj),
            "stamp": transition.stamp(obj) if transition.stamp else "",
        }
        return TemplateResponse(request, transition.template, context)

    @transaction.atomic
    def _run_once(
        self,
        request: HttpRequest,
        obj: Any,
        transition: Transition,
        values: dict[str, Any],
    ) -> str:
        """What to tell the person; nothing where the object is not as it was shown."""
        actor = request.actor  # type: ignore[attr-defined]
        if transition.stamp is not None:
            stored = type(obj)._base_manager.select_for_update().get(pk=obj.pk)
            if not is_as_shown(request, transition.stamp(stored)):
                return ""
        result = transition.run(obj, actor=actor, **values)
        return transition.told(result) or str(transition.done % {"object": obj})

    def object_url(self, obj: models.Model) -> str:
        """The object's own page here: where to go when something was done to it."""
        return reverse(f"admin:{self.url_name('change')}", args=[obj.pk])


def in_bulk(
    model_admin: admin.ModelAdmin,
    request: HttpRequest,
    queryset: QuerySet[Any],
    run: Callable[[Any], Any],
    done: str,
) -> None:
    """Call the same service per row and say "3 sent, 1 skipped: ..."."""
    count, skipped = 0, []
    for obj in queryset:
        try:
            run(obj)
            count += 1
        except REFUSALS as error:
            skipped.append(f"{obj}: {words(error)}")
    text = f"{count} {done}"
    if skipped:
        text += ", " + ngettext(
            "%(count)s skipped: %(why)s", "%(count)s skipped: %(why)s", len(skipped)
        ) % {"count": len(skipped), "why": " ".join(skipped)}
    level = messages.SUCCESS if count else messages.WARNING
    model_admin.message_user(request, text, level)
