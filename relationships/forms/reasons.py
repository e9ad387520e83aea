from django import forms
from django.utils.translation import gettext_lazy as _

from portal.foundation.admin import TransitionForm

from ..existing import Blocker
from ..services.relationships import blockers_of


class ReasonForm(TransitionForm):
    reason = forms.CharField(
        label=_("Reason"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class EndForm(ReasonForm):
    """Why it ends; `blockers` have to be stopped before."""

    @property
    def blockers(self) -> list[Blocker]:
        return blockers_of(self.obj)
