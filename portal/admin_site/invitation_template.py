"""A partner's own text of its invitations: edited, previewed, saved, or given up."""

from typing import Any

from crispy_forms.helper import FormHelper
from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from relationships.actors import Actor
from relationships.roles import Action
from relationships.services import templates

LANGUAGES = dict(settings.LANGUAGES)


class TemplateForm(forms.Form):
    subject = forms.CharField(label=gettext_lazy("Subject"), max_length=200)
    body = forms.CharField(
        label=gettext_lazy("E-mail text"),
        max_length=20_000,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 20}),
    )

    def __init__(self, data: Any, initial: dict[str, str]) -> None:
        super().__init__(data, initial=initial)
        self.helper = FormHelper()
        self.helper.form_tag = False

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.errors:
            templates.check(cleaned["subject"], cleaned["body"])
        return cleaned


def invitation_template(request: HttpRequest, admin_site: Any) -> HttpResponse:
    """`?language=`; POST previews, saves, or goes back to the standard text."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    if not actor.may(Action.EDIT_TEMPLATE):
        raise PermissionDenied
    assert actor.partner is not None  # only staff has the right
    language = request.GET.get("language", settings.LANGUAGE_CODE)
    if language not in LANGUAGES:
        language = settings.LANGUAGE_CODE
    subject, body = templates.current_text(actor.partner, language)
    data = request.POST if request.method == "POST" else None
    form = TemplateForm(data, {"subject": subject, "body": body})
    if request.method == "POST":
        if "standard" in request.POST:
            templates.drop_template(actor.partner, actor=actor, language=language)
            messages.success(request, _("Invitations have the standard text again."))
            return HttpResponseRedirect(request.get_full_path())
        if form.is_valid():
            subject, body = form.cleaned_data["subject"], form.cleaned_data["body"]
            if "save" in request.POST and _save(request, form, actor, language):
                return HttpResponseRedirect(request.get_full_path())
    own = actor.partner.invitation_templates.filter(language=language)
    context = {
        **admin_site.each_context(request),
        "title": _("Text of your invitations"),
        "form": form,
        "language": language,
        "languages": settings.LANGUAGES,
        "placeholders": templates.PLACEHOLDERS,
        "is_own": own.exists(),
        "preview": templates.preview(
            actor.partner, language, subject=subject, body=body
        ),
    }
    return TemplateResponse(request, "admin/invitation_template.html", context)


def _save(
    request: HttpRequest, form: TemplateForm, actor: Actor, language: str
) -> bool:
    """False where the service refused it: the form says why."""
    assert actor.partner is not None
    try:
        templates.save_template(
            actor.partner,
            actor=actor,
            language=language,
            subject=form.cleaned_data["subject"],
            body=form.cleaned_data["body"],
        )
    except ValidationError as error:
        form.add_error(None, error)
        return False
    messages.success(request, _("Saved. New invitations have this text."))
    return True
