"""Which models served a target one after another, and which one a rollback goes back to."""

from images.models import Target
from inference.models import DeployedModel, Duty
from retraining.models import Promotion, PromotionKind


def before(target: Target) -> DeployedModel | None:
    """The activation that a rollback of `target` goes back to; None where there is none.

    A rollback takes what it undoes off the pile, so that a second one goes further back, and not to
    and fro.
    """
    pile = _pile(target)
    return pile[-2] if len(pile) > 1 else None


def _pile(target: Target) -> list[DeployedModel]:
    """What stands, oldest first; neighbours with the same artifact are one."""
    rows = DeployedModel.objects.filter(target=target, duty=Duty.LIVE).order_by("created_at", "pk")
    done = Promotion.objects.filter(
        target=target, kind=PromotionKind.ROLLBACK, deployed__isnull=False, back_to__isnull=False
    )
    undone = dict(done.values_list("deployed", "back_to__sha256"))
    pile: list[DeployedModel] = []
    for row in rows:
        if row.pk in undone:
            while pile and pile[-1].sha256 != undone[row.pk]:
                pile.pop()
        if pile and pile[-1].sha256 == row.sha256:
            pile.pop()
        pile.append(row)
    return pile
