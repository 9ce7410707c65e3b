"""Asking for predictions: rows first, the doorbell once they are committed."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from django.db import models, transaction
from django.utils import timezone

from accounts.models import User
from core.jobs import JobStatus
from core.tasks import ring
from images.models import Radiograph, Target
from inference.models import DeployedModel, Prediction, Urgency
from inference.services.standings import note_standings

# With so many of their radiographs still waiting, a person is sending a batch.
A_BATCH = 8


@transaction.atomic
def request_predictions(*, radiographs: Sequence[Radiograph]) -> int:
    """Queue a prediction by each live model for each of `radiographs` that it has not answered yet.

    Joins the caller's transaction, so that radiographs and predictions commit together. A target
    whose prediction is already open keeps that one. Returns how many questions were put.
    """
    live = list(DeployedModel.objects.live_models().select_related("target"))
    of_these = Prediction.objects.filter(radiograph__in=radiographs, status=JobStatus.DONE)
    answered = set(of_these.values_list("radiograph", "model"))
    urgencies = _Urgencies()
    asked = [
        Prediction(
            radiograph=radiograph, target=model.target, requested_by=radiograph.uploader,
            urgency=urgencies.next_of(radiograph.uploader),
        )
        for radiograph in radiographs
        for model in live
        if (radiograph.pk, model.pk) not in answered
    ]  # fmt: skip
    # Also of those that nobody is asked about: where their answers stand.
    note_standings({row.pk for row in radiographs} - {row.radiograph_id for row in asked})
    return enqueue(asked)


@transaction.atomic
def retry(*, prediction: Prediction, by: User | None = None) -> int:
    """Queue a new prediction for the radiograph and target of a closed one; returns 1, else 0.

    Nothing is queued while one is open, when the live model has answered, for a radiograph in the
    trash, and for a target without a live model.
    """
    radiograph, target = prediction.radiograph, prediction.target
    live = DeployedModel.objects.live_models().filter(target=target).first()
    if live is None or radiograph.is_trashed:
        return 0
    of_radiograph = Prediction.objects.filter(radiograph=radiograph, target=target)
    if of_radiograph.filter(models.Q(model=live, status=JobStatus.DONE)).exists():
        return 0
    if of_radiograph.waiting().exists():
        return 0
    return enqueue([_asked(radiograph, target, by or radiograph.uploader)])


@transaction.atomic
def ask_again(*, radiograph: Radiograph, by: User) -> int:
    """Queue what the live models have not answered, as part of a batch of `by`; how many.

    Nothing is queued while a prediction of the target is open, and for a radiograph in the trash.
    """
    if radiograph.is_trashed:
        return 0
    asked = Prediction.objects.filter(radiograph=radiograph)
    live = DeployedModel.objects.live_models().exclude(
        pk__in=asked.filter(status=JobStatus.DONE).values("model")
    )
    free = live.exclude(target__in=asked.waiting().values("target"))
    return enqueue(
        Prediction(
            radiograph=radiograph, target=model.target, requested_by=by, urgency=Urgency.BULK
        )
        for model in free
    )


def enqueue(predictions: Iterable[Prediction]) -> int:
    """Write what is to be answered and ring once it is committed; within a transaction only."""
    # The constraint `one_open_prediction` settles races: the second asker's row is not written.
    rows = Prediction.objects.bulk_create(list(predictions), ignore_conflicts=True)
    if rows:
        note_standings(row.radiograph_id for row in rows)
        transaction.on_commit(_ring)
    return len(rows)


def urgency_of(person: User) -> Urgency:
    """A person's first radiographs are waited for; those that come on top of them are a batch."""
    return _Urgencies().next_of(person)


class _Urgencies:
    """The same for several questions of one transaction, the earlier ones counted."""

    def __init__(self) -> None:
        self._waited_for: dict[UUID, int] = {}

    def next_of(self, person: User) -> Urgency:
        if person.pk not in self._waited_for:
            rows = Prediction.objects.waiting().filter(urgency=Urgency.INTERACTIVE)
            self._waited_for[person.pk] = rows.filter(requested_by=person)[:A_BATCH].count()
        if self._waited_for[person.pk] >= A_BATCH:
            return Urgency.BULK
        self._waited_for[person.pk] += 1
        return Urgency.INTERACTIVE


@transaction.atomic
def bury_exhausted() -> int:
    """End as failed what killed its last allowed worker; how many."""
    dead = list(Prediction.objects.exhausted().values_list("pk", "radiograph"))
    if not dead:
        return 0
    buried = Prediction.objects.filter(pk__in=[key for key, _ in dead]).bury_exhausted()
    note_standings(radiograph for _, radiograph in dead)
    return buried


def ring_if_waiting() -> bool:
    """Ring for what is claimable but lost its doorbell (dead worker, broker that was down)."""
    if not Prediction.objects.claimable(timezone.now()).exists():
        return False
    return _ring()


def _asked(radiograph: Radiograph, target: Target, by: User) -> Prediction:
    return Prediction(radiograph=radiograph, target=target, requested_by=by, urgency=urgency_of(by))


def _ring() -> bool:
    from inference.tasks import predict_waiting  # tasks.py imports the services

    return ring(predict_waiting)
