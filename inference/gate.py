"""The gate in service: which images it has seen, and for which a person has vouched."""

from collections.abc import Collection
from functools import lru_cache
from pathlib import Path
from uuid import UUID

from django.conf import settings

from inference.ml.gate import Gate, Verdict
from inference.models import GateOverride, Prediction


def shipped_gate() -> Gate:
    """The gate of this version. Raises ArtifactRefused when its files are damaged."""
    return _loaded(Path(settings.GATE_DIR))


def overridden(radiographs: Collection[UUID]) -> set[UUID]:
    """Those of the radiographs that a person vouched for."""
    if not radiographs:
        return set()
    rows = GateOverride.objects.filter(radiograph__in=radiographs)
    return set(rows.values_list("radiograph", flat=True))


def earlier_verdicts(radiographs: Collection[UUID]) -> dict[UUID, Verdict]:
    """What the same gate measured for earlier predictions of the same radiographs.

    Pixels do not change, so nothing is measured twice.
    """
    if not radiographs:
        return {}
    gate = shipped_gate()
    measured = Prediction.objects.filter(radiograph__in=radiographs, gate_version=gate.version)
    rows = measured.values_list("radiograph", "gate_similarity", "gate_score")
    return {key: gate.verdict(similarity, score) for key, similarity, score in rows}


@lru_cache(maxsize=2)
def _loaded(folder: Path) -> Gate:
    return Gate.load(folder)
