"""What a start would meet: the cases, the features that are missing, the disk, the time, and what
forbids it. Reads only; loads no torch."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from django.conf import settings
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from core.jobs import OPEN_STATUSES, JobStatus
from images.models import Target
from inference.ml.extractor import EXTRACTORS, VGG16_BLOCK5
from inference.ml.extractor_weights import STARTS_FROM_VGG16, is_at_hand
from inference.models import FeatureVector
from inference.worker import weights_path
from retraining import vault
from retraining.ml.architectures import USUAL_EXTRACTOR, Architecture, architecture_of
from retraining.models import TrainingRun
from retraining.snapshots import words as snapshot_words
from retraining.snapshots.planning import SnapshotPlan, plan_of
from retraining.snapshots.room_needed import Room, room_for
from retraining.snapshots.rules import Finding

KEYS_PER_QUERY: Final = 500
LAST_RUNS: Final = 5
# Of all stages but the features: a rough guess, only until a run here has told better.
SECONDS_A_CASE: Final = {"fast": 0.008, "slow": 3.0}
SECONDS_AT_LEAST: Final = 2.0
# One film through a network of VGG16's size on one core.
SECONDS_A_FEATURE: Final = 1.0


@dataclass(frozen=True)
class Preflight:
    """`cached` and `missing` count features of the plan's cases, 0 for whole networks, which read
    films. `seconds` is an estimate, `is_measured` where runs of this server told it. `reasons` are
    sentences that say why nothing starts, `warnings` what to know; both in the active language.
    """

    plan: SnapshotPlan
    architecture: Architecture
    extractor: str
    cached: int
    missing: int
    room: Room
    seconds: float
    is_measured: bool
    open_run: TrainingRun | None
    looks: int
    reasons: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def may_start(self) -> bool:
        return not self.reasons

    @property
    def cases(self) -> int:
        return len(self.plan.cases)


def preflight(target: Target, architecture: str, extractor: str = "") -> Preflight:
    """Look ahead at a run. Raises BadRecipe for an unknown architecture, KeyError for an unknown
    extractor. 10,000 cases take about two seconds."""
    chosen = architecture_of(architecture)
    extractor = chosen.backbone or extractor or USUAL_EXTRACTOR
    plan = plan_of(target)
    missing = 0 if chosen.backbone else _missing(plan, extractor)
    room = room_for(chosen, EXTRACTORS[extractor], cases=len(plan.cases), missing=missing)
    rate, is_measured = _seconds_a_case(chosen, extractor)
    seconds = max(rate * len(plan.cases), SECONDS_AT_LEAST) + missing * SECONDS_A_FEATURE
    running = TrainingRun.objects.filter(target=target, status__in=OPEN_STATUSES).first()
    return Preflight(
        plan=plan, architecture=chosen, extractor=extractor,
        cached=0 if chosen.backbone else len(plan.cases) - missing, missing=missing, room=room,
        seconds=seconds, is_measured=is_measured, open_run=running, looks=vault.looks(target),
        reasons=tuple(_reasons(plan, room, running)),
        warnings=(*_without_weights(chosen, extractor, missing), *_sentences(plan.flags)),
    )  # fmt: skip


def _missing(plan: SnapshotPlan, extractor: str) -> int:
    """Cases whose features are not cached; radiographs with equal pixels share theirs."""
    spec = EXTRACTORS[extractor]
    pixels = sorted({case.pixel_sha256 for case in plan.cases})
    cached = FeatureVector.objects.filter(
        extractor=spec.code, preprocessing=spec.preprocessing_version
    )
    there: set[str] = set()
    for start in range(0, len(pixels), KEYS_PER_QUERY):
        some = cached.filter(pixel_sha256__in=pixels[start : start + KEYS_PER_QUERY])
        there |= set(some.values_list("pixel_sha256", flat=True))
    return sum(case.pixel_sha256 not in there for case in plan.cases)


def _seconds_a_case(architecture: Architecture, extractor: str) -> tuple[float, bool]:
    """Of the stages but the features: the median of the last runs, else what was measured once."""
    runs = TrainingRun.objects.filter(
        architecture=architecture.code, extractor=extractor, status=JobStatus.DONE,
        seconds__isnull=False, snapshot__size__gt=0,
    ).order_by("-finished_at")[:LAST_RUNS]  # fmt: skip
    told = [
        max(0.0, (seconds or 0.0) - float(timings.get("features", 0.0))) / size
        for seconds, timings, size in runs.values_list("seconds", "timings", "snapshot__size")
    ]
    return (median(told), True) if told else (SECONDS_A_CASE[architecture.lane], False)


def _reasons(plan: SnapshotPlan, room: Room, running: TrainingRun | None) -> Iterator[str]:
    yield from _sentences(plan.problems)
    if running is not None:
        yield _("A training for this target is under way. Wait for its end or cancel it.")
    if not room.is_enough:
        yield _(
            "The server's disk has no room for this: %(needed)s are needed and %(free)s are free. "
            "Free some room, or choose a smaller network."
        ) % {"needed": filesizeformat(room.needed), "free": filesizeformat(room.free)}


def _without_weights(chosen: Architecture, extractor: str, missing: int) -> list[str]:
    """No reason against a start: a worker on another machine may have what is not here."""
    if not (missing or chosen.backbone) or _has_weights(extractor):
        return []
    code = VGG16_BLOCK5.code if chosen.backbone else extractor
    sentence = _(
        "The weights of %(extractor)s are not on this server. Unless the worker has them this "
        "training fails. Run the command: manage.py fetch_weights --extractor %(extractor)s"
    )
    return [sentence % {"extractor": code}]


def _has_weights(extractor: str) -> bool:
    if extractor in (VGG16_BLOCK5.code, STARTS_FROM_VGG16):
        return weights_path().is_file()
    return is_at_hand(extractor, settings.WEIGHTS_DIR)


def _sentences(found: Sequence[Finding]) -> list[str]:
    return [snapshot_words.sentence_of(each["code"], each["facts"]) for each in found]
