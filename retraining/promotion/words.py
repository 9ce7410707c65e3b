"""What became of an attempt to exchange a model, in words."""

from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.jobs import JobStatus
from retraining import reasons
from retraining.models import Promotion, PromotionKind
from retraining.promotion import gate_words
from retraining.promotion.gate import unmet
from retraining.services.promoting import (
    AlreadyServes,
    GateClosed,
    NothingBefore,
    NothingToCompare,
    Overtaken,
    PromotionOpen,
    PromotionRefused,
)

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

KINDS: "Final[dict[str, StrOrPromise]]" = {
    PromotionKind.PROMOTE: gettext_lazy("Put in service"),
    PromotionKind.ROLLBACK: gettext_lazy("Back to the model before"),
    PromotionKind.SHADOW: gettext_lazy("Put in the shadow"),
    PromotionKind.COMPARE: gettext_lazy("Evaluated again"),
}
UNDER_WAY: "Final[dict[str, StrOrPromise]]" = {
    PromotionKind.PROMOTE: gettext_lazy("The model is being put in service"),
    PromotionKind.ROLLBACK: gettext_lazy("The model before is being put in service again"),
    PromotionKind.SHADOW: gettext_lazy("The model is being put in the shadow"),
    PromotionKind.COMPARE: gettext_lazy("The model is being evaluated beside the one in service"),
}


def kind_of(promotion: Promotion) -> str:
    return str(KINDS.get(promotion.kind, promotion.kind))


def sentence_of(promotion: Promotion) -> str:
    """One sentence about where it stands, or how it ended."""
    if promotion.is_open:
        return str(UNDER_WAY.get(promotion.kind, promotion.kind))
    if promotion.status == JobStatus.FAILED:
        return str(reasons.sentence_of(promotion.error_code))
    if promotion.status == JobStatus.CANCELLED:
        return _("It was stopped. Nothing was changed.")
    return kind_of(promotion)


def refusal_in_words(refused: PromotionRefused) -> str:
    """Why nothing was asked for, for the person who asked."""
    match refused:
        case PromotionOpen():
            return _(
                "Somebody is exchanging a model of this target at this moment, so that nothing "
                "was begun. Wait until it is done, and look again."
            )
        case Overtaken(live=None):
            return _("No model serves any more. Look again, and decide then.")
        case Overtaken():
            return _(
                "Somebody else was first: %(version)s serves now. Nothing was changed: look "
                "again, and decide then."
            ) % {"version": refused.live}
        case GateClosed():
            return _("It does not meet all rules: %(rules)s.") % {"rules": _rules_of(refused)}
        case AlreadyServes():
            return _("This model serves, or scores in the shadow, already.")
        case NothingBefore():
            return _("No other model served before, so that there is nothing to go back to.")
        case NothingToCompare():
            return _("It is compared with the model in service already.")
    return str(reasons.sentence_of(reasons.UNEXPECTED))


def _rules_of(closed: GateClosed) -> str:
    return ", ".join(gate_words.name_of(result.rule) for result in unmet(closed.results))
