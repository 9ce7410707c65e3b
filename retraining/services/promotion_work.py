"""Carrying out what `retraining.services.promoting` was asked for.

Models are exchanged by the workers that predict, who have torch at hand: nobody waits there for a
training to end. Evaluations belong to the training queue.

Whatever goes wrong, the model in service stays as it is: the artifact is verified first, which
reads all its weights while nobody waits; then the gate is asked once more, and the new row is
written in one transaction with the end of the job.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from accounts.audit import Deed, note
from core.errors import PermanentError
from core.jobs import JobQuerySet, LeaseLost, oldest_held
from core.tasks import ring
from inference.artifact_store import kept_folder
from inference.ml.errors import ArtifactRefused
from inference.models import DeployedModel
from inference.services import let_score, prepared, prepared_candidate, put_in_service
from retraining import reasons
from retraining.models import ModelVersion, Promotion, PromotionKind
from retraining.promotion.gate import judge, unmet
from retraining.services.automatic import after_audit
from retraining.services.comparing import compare_again
from retraining.services.promoting import GateClosed, Overtaken, live_if_expected
from retraining.snapshots.planning import rules_of

logger = logging.getLogger(__name__)

WITH: Final = (
    "target", "version__target", "version__snapshot", "back_to", "expected", "requested_by",
)  # fmt: skip


def work_on_promotion() -> bool:
    """Work on the oldest attempt to its end; True while there is another one. Loads torch."""
    return _work_on(_promotions())


def work_on_comparison() -> bool:
    """The same for evaluations, which take seconds or minutes: they keep no rollback waiting."""
    return _work_on(_comparisons())


def resume_promotions() -> bool:
    """Ring for attempts whose bell or worker was lost, and bury those that killed three workers."""
    Promotion.objects.bury_exhausted()
    return ring_for_promotions()


def ring_for_promotions() -> bool:
    """Ring where something waits; False where nothing does, or no bell could be rung."""
    from retraining.tasks import compare_waiting, promote_waiting

    bells = ((_promotions(), promote_waiting), (_comparisons(), compare_waiting))
    rung = [ring(bell) for rows, bell in bells if rows.awaits_worker()]
    return any(rung)


def _promotions() -> JobQuerySet:
    return Promotion.objects.exclude(kind=PromotionKind.COMPARE)


def _comparisons() -> JobQuerySet:
    return Promotion.objects.filter(kind=PromotionKind.COMPARE)


def _work_on(rows: JobQuerySet) -> bool:
    with oldest_held(rows.select_related(*WITH)) as held:
        if held is not None:
            _work(Attempt(held.owner, held.row, held.lost))
    return rows.awaits_worker()


def _work(attempt: "Attempt") -> None:
    rows, owner = Promotion.objects.all(), attempt.owner
    try:
        _VERBS[attempt.promotion.kind](attempt)
    except LeaseLost:
        return
    except Overtaken:
        rows.fail(owner, reasons.OVERTAKEN)
    except GateClosed as closed:
        verdict = [result.to_dict() for result in closed.results]
        rows.fail(owner, reasons.GATE_CLOSED, verdict=verdict)
    except Exception as problem:
        # The type alone: an error's text may hold a path or a value.
        logger.warning("promotion stopped problem=%s", type(problem).__name__)
        _give_back(owner, problem)


def _give_back(owner: str, problem: Exception) -> None:
    """Failed for good, or for another try where that may help."""
    from inference.ml.errors import WeightsRefused, WeightsUnavailable
    from retraining.services.snapshots import SnapshotRefused

    rows = Promotion.objects.all()
    match problem:
        case ArtifactRefused():
            rows.fail(owner, reasons.ARTIFACT_REFUSED)
        case WeightsRefused() | WeightsUnavailable():
            rows.fail(owner, reasons.NO_WEIGHTS)
        case SnapshotRefused():
            rows.fail(owner, reasons.NOT_READY)
        case PermanentError():
            rows.fail(owner, problem.code)
        case _:
            rows.release(owner, reasons.code_of(problem))


def _promote(attempt: "Attempt") -> None:
    """Asked before, because verifying takes its time, and again while nobody else may exchange."""
    version = attempt.version
    _judged(attempt)
    model = _as_registered(prepared, attempt, version.artifact, version.sha256)
    with transaction.atomic():
        attempt.put_in_service(model, verdict=_judged(attempt))


def _judged(attempt: "Attempt") -> list[dict[str, Any]]:
    """The gate's verdict; the target is held to the end of the caller's transaction, if any.

    Raises Overtaken, GateClosed.
    """
    promotion = attempt.promotion
    with transaction.atomic():
        live = live_if_expected(promotion.target, promotion.expected)
        results = judge(attempt.version, rules_of(promotion.target), live)
    if unmet(results):
        raise GateClosed(results)
    return [result.to_dict() for result in results]


def _roll_back(attempt: "Attempt") -> None:
    promotion, earlier = attempt.promotion, attempt.promotion.back_to
    if earlier is None:
        raise ArtifactRefused("nothing to go back to")
    model = _as_registered(prepared, attempt, earlier.artifact, earlier.sha256)
    with transaction.atomic():
        live_if_expected(promotion.target, promotion.expected)
        attempt.put_in_service(model)


def _as_registered(
    prepare: Callable[..., DeployedModel], attempt: "Attempt", artifact: str, sha256: str
) -> DeployedModel:
    """What `prepare` makes of an artifact's kept files, before the transaction that uses it.

    Raises ArtifactRefused, also for other files than were asked for.
    """
    promotion = attempt.promotion
    model = prepare(
        target=promotion.target, artifact_dir=kept_folder(artifact), by=promotion.requested_by,
        reason=promotion.reason,
    )  # fmt: skip
    if model.sha256 != sha256:
        raise ArtifactRefused("its files are not those of the registry")
    return model


def _put_in_the_shadow(attempt: "Attempt") -> None:
    promotion, version = attempt.promotion, attempt.version
    candidate = _as_registered(prepared_candidate, attempt, version.artifact, version.sha256)
    with transaction.atomic():
        model = let_score(candidate)
        note(
            actor=promotion.requested_by, deed=Deed.ENTERED, subject="shadow", subject_id=model.pk,
            after={"version": model.version, "target": promotion.target.code},
        )  # fmt: skip
        attempt.end(model)


def _compare(attempt: "Attempt") -> None:
    promotion, version = attempt.promotion, attempt.version
    facts = compare_again(
        version=version, live=promotion.expected, by=promotion.requested_by, lost=attempt.lost
    )
    with transaction.atomic():
        live_if_expected(promotion.target, promotion.expected)
        ModelVersion.objects.filter(pk=version.pk).update(updated_at=timezone.now(), **facts)
        if not Promotion.objects.finish(attempt.owner):
            raise LeaseLost
    after_audit(ModelVersion.objects.select_related("target", "run").get(pk=version.pk))


@dataclass(frozen=True)
class Attempt:
    """`promotion` as it was claimed by `owner`; `lost` is the event of its heartbeat."""

    owner: str
    promotion: Promotion
    lost: Event

    @property
    def version(self) -> ModelVersion:
        if self.promotion.version is None:
            raise ArtifactRefused("no version is named")
        return self.promotion.version

    def put_in_service(self, model: DeployedModel, **results: Any) -> None:
        """The new row and the end of the job, both or neither. Raises LeaseLost."""
        put_in_service(model, repredict=self.promotion.repredicts)
        self.end(model, **results)

    def end(self, model: DeployedModel, **results: Any) -> None:
        """Raises LeaseLost."""
        if not Promotion.objects.finish(self.owner, deployed=model, **results):
            raise LeaseLost


_VERBS: Final[dict[str, Callable[[Attempt], None]]] = {
    PromotionKind.PROMOTE: _promote,
    PromotionKind.ROLLBACK: _roll_back,
    PromotionKind.SHADOW: _put_in_the_shadow,
    PromotionKind.COMPARE: _compare,
}
