"""Where the time of a prediction goes, stage by stage, over the last ones."""

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from inference.models import StageTimings
from inference.readings import percent

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

# Of the last day, and of a busy day the end: a page reads no more rows than this.
PERIOD: Final = timedelta(hours=24)
MOST_ROWS: Final = 1000

STAGES: "dict[str, StrOrPromise]" = {
    "fetch": _("Reading the stored file"),
    "decode": _("Decoding"),
    "preprocess": _("Preparing the network's input"),
    "features": _("Features (the large network)"),
    "gate": _("Is it a frontal chest radiograph?"),
    "head": _("Classifier (the small network)"),
    "store": _("Storing"),
}


@dataclass(frozen=True)
class Stage:
    """Milliseconds of the predictions that needed the stage; None where none did."""

    name: "StrOrPromise"
    median: float | None
    p95: float | None


@dataclass(frozen=True)
class StageSummary:
    """`stages` in the order of the work; `total` is of their sums.

    `batch` is the median number of radiographs in a micro-batch, `cached` the share (0..1) of
    predictions whose features came from the cache. `engine` is what last made features: name,
    device, precision and version; {} where no prediction says.
    """

    predictions: int
    stages: list[Stage]
    total: Stage
    batch: int
    cached: float
    engine: dict[str, str]

    @property
    def cached_in_words(self) -> str:
        return percent(self.cached)


def stage_summary() -> StageSummary | None:
    """Of the last 24 hours, at most the last 1,000 predictions; None without any. One query."""
    newest = StageTimings.objects.filter(created_at__gte=timezone.now() - PERIOD)
    facts = ("batch", "prediction__features_were_cached", "prediction__engine")
    rows = list(newest.order_by("-created_at").values(*STAGES, *facts)[:MOST_ROWS])
    if not rows:
        return None
    return StageSummary(
        predictions=len(rows),
        stages=[_stage(name, [row[key] for row in rows]) for key, name in STAGES.items()],
        total=_stage(_("Total"), [sum(row[key] or 0.0 for key in STAGES) for row in rows]),
        batch=round(float(np.median([row["batch"] for row in rows]))),
        cached=sum(row["prediction__features_were_cached"] for row in rows) / len(rows),
        engine=_engine(rows),
    )


def _stage(name: "StrOrPromise", values: list[float | None]) -> Stage:
    needed = [value for value in values if value is not None]
    if not needed:
        return Stage(name, None, None)
    median, p95 = np.percentile(needed, (50, 95))
    return Stage(name, float(median), float(p95))


def _engine(rows: list[dict[str, Any]]) -> dict[str, str]:
    """Of the newest prediction that made features; one from the cache names no engine."""
    return next((row["prediction__engine"] for row in rows if row["prediction__engine"]), {})
