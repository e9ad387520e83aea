"""What a service refuses, told to a person."""

from django import forms
from django.core.exceptions import PermissionDenied, ValidationError

from .exceptions import TransitionNotAllowed

REFUSALS = (TransitionNotAllowed, ValidationError, PermissionDenied)


def words(error: Exception) -> str:
    """As one line."""
    if isinstance(error, ValidationError):
        return " ".join(error.messages)
    return str(error)


def show_refusal(
    form: forms.BaseForm, error: ValidationError, at: str | None = None
) -> None:
    """Beside the field that it names; one that names none above the form, or `at`."""
    named = getattr(error, "error_dict", {at: error})
    for name, errors in named.items():
        form.add_error(name if name in form.fields else None, errors)
