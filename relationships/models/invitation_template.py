from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.foundation import clock
from portal.foundation.ruled import RuledModel

from ..actors import Actor
from ..querysets import InvitationTemplateQuerySet
from .partner import Partner


class InvitationTemplate(RuledModel):
    """A partner's own text of its invitations in one language, with placeholders.

    Only `relationships.services.templates` writes it. Without a row, the portal's
    standard text is used. Invitations that were made keep theirs.
    """

    partner = models.ForeignKey(
        Partner, models.PROTECT, related_name="invitation_templates"
    )
    language = models.CharField(_("language"), max_length=10)
    subject = models.CharField(_("subject"), max_length=200)
    body = models.TextField(_("e-mail text"))
    changed_at = models.DateTimeField(_("changed at"), default=clock.now)
    changed_by = models.ForeignKey(
        "accounts.User",
        models.PROTECT,
        related_name="invitation_templates",
        verbose_name=_("changed by"),
    )

    objects = InvitationTemplateQuerySet.as_manager()

    class Meta:
        verbose_name = _("template of invitations")
        verbose_name_plural = _("templates of invitations")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(body__contains="[[link]]"),
                name="invitation_template_has_the_link",
                violation_error_code="link_missing",
                violation_error_message=_("The link has to be in the text: [[link]]"),
            ),
            models.UniqueConstraint(
                fields=["partner", "language"],
                name="invitation_template_one_per_language",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.partner}, {self.language}"

    def belongs_to(self, actor: Actor) -> bool:
        return actor.is_for(partner_id=self.partner_id)
