"""What the panel of a radiograph shows, target by target, and when it should ask again."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Final
from uuid import UUID

from django.utils import timezone

from core.jobs import JobStatus
from images.models import Radiograph, Target
from inference.models import DeployedModel, GateOverride, Prediction
from inference.readings import Reading

# How often to ask, by how long the person has waited already: (waited less than, seconds).
PATIENCE: Final = (
    (timedelta(seconds=20), 1),
    (timedelta(minutes=1), 2),
    (timedelta(minutes=10), 5),
)
SLOWEST_POLL: Final = 30
QUICKEST_BADGE_POLL: Final = 2
LONG_WAIT: Final = timedelta(minutes=1)
BADGES_AT_ONCE: Final = 100


@dataclass(frozen=True)
class TargetPanel:
    """The predictions of one radiograph for one target, newest first."""

    target: Target
    readings: list[Reading]
    live: DeployedModel | None
    is_kept: bool

    @property
    def latest(self) -> Reading | None:
        return self.readings[0] if self.readings else None

    @property
    def earlier(self) -> list[Reading]:
        return self.readings[1:]

    @property
    def is_waiting(self) -> bool:
        """Something is queued, or will be by the next pass of the reaper."""
        if self.latest is None:
            return self.live is not None and self.is_kept
        return self.latest.prediction.is_open

    @property
    def is_by_older_model(self) -> bool:
        latest = self.latest
        done = latest is not None and latest.is_done
        return done and self.live is not None and not self._answered_by(self.live)

    @property
    def is_stopped(self) -> bool:
        """The gate took the image for something else: only a person's word brings an answer."""
        return self.latest is not None and self.latest.is_stopped

    @property
    def may_override(self) -> bool:
        return self.is_stopped and self.is_kept and self.live is not None

    @property
    def may_retry(self) -> bool:
        """Another try can be asked for: after a failure, or when a newer model serves."""
        if not self.is_kept or self.live is None or self.latest is None:
            return False
        if self.is_waiting or self.is_stopped:
            return False
        return not self._answered_by(self.live)

    def _answered_by(self, model: DeployedModel) -> bool:
        return any(r.is_done and r.prediction.model_id == model.pk for r in self.readings)


@dataclass(frozen=True)
class Panel:
    """`override` is the first word of a person against the gate, which stays with every result."""

    radiograph: Radiograph
    targets: list[TargetPanel]
    override: GateOverride | None = None

    @property
    def is_waiting(self) -> bool:
        return any(panel.is_waiting for panel in self.targets)

    @property
    def is_stopped(self) -> bool:
        return any(panel.is_stopped for panel in self.targets)

    @cached_property
    def waited(self) -> timedelta:
        """How long the youngest open prediction has been waiting."""
        opened = [
            panel.latest.prediction.created_at if panel.latest else self.radiograph.created_at
            for panel in self.targets
            if panel.is_waiting
        ]
        return timezone.now() - max(opened) if opened else timedelta()

    @property
    def poll_seconds(self) -> int:
        return poll_seconds(self.waited)

    @property
    def waits_long(self) -> bool:
        return self.waited >= LONG_WAIT

    @property
    def fingerprint(self) -> str:
        """Changes whenever the panel would look different, so that equal polls answer nothing."""
        facts = [(r.prediction.pk, r.prediction.status) for t in self.targets for r in t.readings]
        return hashlib.sha256(repr((facts, self.poll_seconds)).encode()).hexdigest()[:16]


def poll_seconds(waited: timedelta) -> int:
    return next((seconds for limit, seconds in PATIENCE if waited < limit), SLOWEST_POLL)


def panel_of(radiograph: Radiograph) -> Panel:
    """Three queries, however many predictions there are."""
    live = {model.target_id: model for model in DeployedModel.objects.live_models()}
    readings: dict[Target, list[Reading]] = {model.target: [] for model in live.values()}
    of_radiograph = Prediction.objects.filter(radiograph=radiograph)
    for prediction in of_radiograph.newest_first().exclude(status=JobStatus.CANCELLED):
        readings.setdefault(prediction.target, []).append(Reading(prediction))
    targets = [
        TargetPanel(target, readings[target], live.get(target.pk), not radiograph.is_trashed)
        for target in sorted(readings, key=lambda target: (target.position, target.code))
    ]
    vouched = GateOverride.objects.filter(radiograph=radiograph).select_related("overridden_by")
    return Panel(radiograph, targets, vouched.order_by("created_at").first())


@dataclass(frozen=True)
class Badge:
    """The newest prediction of a radiograph for its first target, as a list shows it."""

    radiograph_id: UUID
    reading: Reading | None

    @property
    def is_waiting(self) -> bool:
        return self.reading is not None and self.reading.prediction.is_open


def badges_of(radiographs: Iterable[Radiograph]) -> list[Badge]:
    """One badge for each radiograph, in one query."""
    wanted = [radiograph.pk for radiograph in radiographs]
    newest: dict[UUID, Reading] = {}
    predictions = Prediction.objects.filter(radiograph__in=wanted).newest_first()
    for prediction in predictions.exclude(status=JobStatus.CANCELLED):
        known = newest.get(prediction.radiograph_id)
        if known is None or prediction.target.position < known.prediction.target.position:
            newest[prediction.radiograph_id] = Reading(prediction)
    return [Badge(key, newest.get(key)) for key in wanted]


def badge_poll_seconds(waiting: list[Badge]) -> int:
    """As patient as the panel is, by the youngest of the open predictions."""
    opened = [badge.reading.prediction.created_at for badge in waiting if badge.reading]
    waited = timezone.now() - max(opened) if opened else timedelta()
    return max(QUICKEST_BADGE_POLL, poll_seconds(waited))
