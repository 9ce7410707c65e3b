"""Candidates that score beside the live model, on the same features and unseen by users."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from core.jobs import JobStatus
from images.models import Target
from inference.ml.errors import ArtifactRefused
from inference.models import DeployedModel, Duty, Prediction, ShadowScore
from inference.services.activation import verified

if TYPE_CHECKING:
    from inference.ml.engine import Outcome


def start_shadow(
    *, target: Target, artifact_dir: Path, by: User | None, reason: str
) -> DeployedModel:
    """Let an artifact score each radiograph that the live model of `target` answers for.

    A candidate that scores already is returned as it is. Features that the live model does not read
    are made for the candidate alone. Raises ArtifactRefused as `activate` does, and for an artifact
    that is live itself or has nothing to be compared with; OSError when the disk refuses. Loads
    torch: for workers and commands, not for a web process.
    """
    candidate = prepared_candidate(target=target, artifact_dir=artifact_dir, by=by, reason=reason)
    return let_score(candidate)


def prepared_candidate(
    *, target: Target, artifact_dir: Path, by: User | None, reason: str
) -> DeployedModel:
    """A row, not saved, for a verified copy that is kept: before a transaction, not within one.

    Raises as `start_shadow` does.
    """
    with verified(target=target, artifact_dir=artifact_dir) as candidate:
        _refuse_unfit(candidate, DeployedModel.objects.live(target))
        candidate.duty, candidate.activated_by, candidate.reason = Duty.SHADOW, by, reason
    return candidate


def let_score(candidate: DeployedModel) -> DeployedModel:
    """Let a prepared candidate score from the next micro-batch on; one that does is returned."""
    running = DeployedModel.objects.shadows().filter(
        target=candidate.target, sha256=candidate.sha256
    )
    if (same := running.first()) is not None:
        return same
    candidate.save()
    return candidate


def stop_shadow(*, model: DeployedModel) -> bool:
    """Let a candidate score no more; what it said is kept. False when it did not score."""
    return bool(DeployedModel.objects.shadows().filter(pk=model.pk).update(ended_at=timezone.now()))


def record_scores(*, model: DeployedModel, scored: Iterable[tuple[Prediction, "Outcome"]]) -> int:
    """Keep a candidate's answers beside those that were served; returns how many.

    A prediction that was not served after all (cancelled, deleted) is passed over, and so is one
    that the candidate has scored before.
    """
    answers = {prediction.pk: outcome for prediction, outcome in scored}
    classes = {row.code: row.pk for row in model.target.classes.all()}
    with transaction.atomic():
        served = Prediction.objects.filter(pk__in=answers, status=JobStatus.DONE)
        rows = [
            _score(model, key, answers[key], classes[answers[key].label], served_class)
            for key, served_class in served.values_list("pk", "predicted_class")
        ]
        return len(ShadowScore.objects.bulk_create(rows, ignore_conflicts=True))


def _score(
    model: DeployedModel, key: UUID, outcome: "Outcome", own_class: UUID, served_class: UUID | None
) -> ShadowScore:
    return ShadowScore(
        model=model,
        prediction_id=key,
        predicted_class_id=own_class,
        probability=outcome.positive_probability,
        agrees=own_class == served_class,
    )


def _refuse_unfit(candidate: DeployedModel, live: DeployedModel | None) -> None:
    code = candidate.target.code
    if live is None:
        raise ArtifactRefused(f"nothing serves {code!r} yet: there is nothing to compare it with")
    if live.sha256 == candidate.sha256:
        raise ArtifactRefused(f"it serves {code!r} already")
