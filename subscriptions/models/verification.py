from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.foundation import clock
from portal.foundation.ruled import choice_constraint
from relationships.models import ResellerRelationship

from ..enums import VerificationResult
from ..querysets import VerificationQuerySet


class LastVerification(models.Model):
    """What `verify_existing` found when it last re-read what a relationship had found.

    Written by `subscriptions.services.upkeep` alone; the rule is `terms_untouched`.
    """

    relationship = models.OneToOneField(
        ResellerRelationship, models.PROTECT, related_name="last_verification"
    )
    verified_at = models.DateTimeField(_("verified at"), default=clock.now)
    result = models.CharField(_("result"), max_length=10, choices=VerificationResult)

    objects = VerificationQuerySet.as_manager()

    class Meta:
        verbose_name = _("last verification")
        verbose_name_plural = _("last verifications")
        constraints = [
            choice_constraint(
                "verification_result_is_known", "result", VerificationResult.values
            ),
        ]

    def __str__(self) -> str:
        return f"{self.relationship}: {self.get_result_display()}"
