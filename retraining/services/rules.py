"""Setting the rules of promotion of a target."""

from typing import Any, Final

from django.core.exceptions import PermissionDenied
from django.db import transaction

from accounts.audit import Deed, differing, note
from accounts.models import User
from accounts.roles import Capability
from images.models import Target
from retraining.models import PromotionRules
from retraining.snapshots.planning import rules_of

RULES: Final = (
    "max_auc_drop", "by_interval", "min_sensitivity", "min_specificity", "needs_audit",
    "max_hidden_auc", "max_association", "min_patients", "error_rate", "shadow_first",
    "shadow_cases",
)  # fmt: skip


@transaction.atomic
def change_rules(*, target: Target, by: User, **rules: Any) -> PromotionRules:
    """`rules`: values by field name (`RULES`); what is left out stays. Verdicts of earlier attempts
    stay as they were. Raises PermissionDenied, ValidationError."""
    if not by.can(Capability.MANAGE_MODELS):
        raise PermissionDenied
    Target.objects.select_for_update(no_key=True).get(pk=target.pk)
    row = rules_of(target)
    before = {name: getattr(row, name) for name in RULES}
    for name, value in rules.items():
        setattr(row, name, value)
    row.full_clean(exclude=["target"])
    row.save()
    old, new = differing(before, {name: getattr(row, name) for name in RULES})
    if new:
        note(
            actor=by, deed=Deed.CHANGED, subject="promotion-rules", subject_id=row.pk,
            before=old, after={"target": target.code} | new,
        )  # fmt: skip
    return row
