"""What a look for drift compares: the newest radiographs of an institution, and older ones.

Of a model that was trained here the reference is its own snapshot: scores of patients who did not
train it (labels stay where they are), and features of those who did. Of any other model it is what
it read here before.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from accounts.models import Site
from core.jobs import JobStatus
from images.models import Radiograph
from inference.artifact_store import kept_folder
from inference.ml.extractor import EXTRACTORS, VGG16_BLOCK5
from inference.models import DeployedModel, FeatureVector, Prediction
from retraining import vault
from retraining.ml.split import TRAIN
from retraining.models import DatasetSnapshot, ModelVersion, SnapshotCase
from retraining.vault import Row

KEYS_PER_QUERY: Final = 500
# More of a reference make no figure surer, only slower; drawn with a seed.
MOST: Final = 2000
SNAPSHOT: Final = "snapshot"
EARLIER: Final = "earlier"


@dataclass(frozen=True)
class Sample:
    """`scores` (N,) of the positive class, and `pooled` (M, channels) of radiographs; `groups` and
    `pooled_groups` name the patient of each row."""

    scores: NDArray[np.float64]
    groups: list[str]
    pooled: NDArray[np.float32]
    pooled_groups: list[str]


@dataclass(frozen=True)
class Reference:
    """`kind`: SNAPSHOT or EARLIER. `prior`: share of positives where the model was trained and
    calibrated, None where that is not known."""

    kind: str
    sample: Sample
    prior: float | None


@dataclass(frozen=True)
class Kind:
    """Which model, its classes in the order of the target, and whose pooled features are read."""

    model: DeployedModel
    codes: tuple[str, ...]
    positive: int
    extractor: str
    preprocessing: str

    @classmethod
    def of(cls, model: DeployedModel) -> "Kind":
        rows = list(model.target.classes.order_by("position", "code"))
        positive = next(place for place, row in enumerate(rows) if row.is_positive)
        spec = EXTRACTORS.get(model.extractor)
        if spec is None or getattr(spec, "travels", False):
            # An extractor that came with its model has features of what it served alone.
            spec = VGG16_BLOCK5
        codes = tuple(row.code for row in rows)
        return cls(model, codes, positive, spec.code, spec.preprocessing_version)


def reference_of(kind: Kind, since: date) -> Reference:
    """Raises ArtifactRefused, WeightsUnavailable, OSError."""
    snapshot = _snapshot_of(kind.model)
    if snapshot is None:
        return Reference(EARLIER, _read_by(kind, _predictions(kind, before=since)), None)
    development = vault.development(snapshot)
    trained = _drawn([row for row in development if row.split == TRAIN])
    held_out = [row for row in development if row.split != TRAIN]
    scores, groups = _scored(kind, _drawn(held_out + vault.unlabelled_test(snapshot)))
    pooled = _pooled(kind, {row.pixel_sha256: row.group for row in trained})
    positive = kind.codes[kind.positive]
    share = sum(row.class_code == positive for row in development) / max(1, len(development))
    prior = share if 0 < share < 1 else None
    return Reference(SNAPSHOT, Sample(scores, groups, *pooled), prior)


def newest_of(kind: Kind, site: Site, since: date) -> Sample:
    """What `site` sent since then and the model answered for, without what it learned from."""
    rows = _predictions(kind, site=site, since=since)
    snapshot = _snapshot_of(kind.model)
    if snapshot is not None:
        known = SnapshotCase.objects.filter(snapshot=snapshot).values("radiograph")
        rows = rows.exclude(radiograph__in=known)
    return _read_by(kind, rows)


def sites_with_new(kind: Kind, since: date) -> list[Site]:
    newest = _predictions(kind, since=since).order_by().values("radiograph__site")
    return list(Site.objects.filter(pk__in=newest).order_by("name"))


def _snapshot_of(model: DeployedModel) -> DatasetSnapshot | None:
    """Of what trained it here; a model from elsewhere only was evaluated on its snapshot."""
    versions = ModelVersion.objects.filter(target=model.target_id, sha256=model.sha256)
    version = versions.filter(run__isnull=False).select_related("snapshot").first()
    return version.snapshot if version else None


def _predictions(
    kind: Kind, *, site: Site | None = None, since: date | None = None, before: date | None = None
) -> Any:
    """Answers of the model, under whichever activation, to real radiographs that are kept."""
    kept = Radiograph.objects.kept().filter(is_synthetic=False)
    if site is not None:
        kept = kept.filter(site=site)
    if since is not None:
        kept = kept.filter(created_at__date__gte=since)
    if before is not None:
        kept = kept.filter(created_at__date__lt=before)
    rows = Prediction.objects.filter(
        target=kind.model.target, model__sha256=kind.model.sha256, status=JobStatus.DONE,
        radiograph__in=kept,
    )  # fmt: skip
    return rows.order_by("radiograph_id")


def _read_by(kind: Kind, predictions: Any) -> Sample:
    """One answer a radiograph: an artifact that came back has given several, all alike."""
    columns = (
        "radiograph_id", "radiograph__pixel_sha256", "radiograph__patient_id", "probability",
    )  # fmt: skip
    found = {
        key: (pixels, str(patient), score)
        for key, pixels, patient, score in predictions.values_list(*columns)
    }
    rows = _drawn(list(found.values()))
    scores = np.array([score for _pixels, _patient, score in rows], np.float64)
    groups = [patient for _pixels, patient, _score in rows]
    pooled = _pooled(kind, {pixels: patient for pixels, patient, _score in rows})
    return Sample(scores, groups, *pooled)


def _scored(kind: Kind, rows: Sequence[Row]) -> tuple[NDArray[np.float64], list[str]]:
    from inference.ml import artifact
    from retraining.scoring import score

    served = artifact.load(kept_folder(kind.model.artifact))
    scored = score(served, rows, kind.codes, _nobody_waits)
    return scored.probabilities[:, kind.positive], [row.group for row in scored.rows]


def _pooled(kind: Kind, patients: Mapping[str, str]) -> tuple[NDArray[np.float32], list[str]]:
    """(M, channels) of those of the pixels that are cached, and their patients."""
    wanted = list(patients)
    cached = FeatureVector.objects.filter(
        extractor=kind.extractor, preprocessing=kind.preprocessing
    )
    rows: list[tuple[str, NDArray[np.float32]]] = []
    for start in range(0, len(wanted), KEYS_PER_QUERY):
        some = cached.filter(pixel_sha256__in=wanted[start : start + KEYS_PER_QUERY])
        for pixels, kept in some.order_by("pixel_sha256").values_list("pixel_sha256", "pooled"):
            rows.append((patients[pixels], np.frombuffer(bytes(kept), "<f2").astype(np.float32)))
    width = rows[0][1].size if rows else 0
    usable = [(who, row) for who, row in rows if row.size == width and np.isfinite(row).all()]
    matrix = np.array([row for _who, row in usable], np.float32).reshape(len(usable), width)
    return matrix, [who for who, _row in usable]


def _drawn(rows: Sequence[Any]) -> list[Any]:
    if len(rows) <= MOST:
        return list(rows)
    chosen = np.random.default_rng(0).choice(len(rows), MOST, replace=False)
    return [rows[place] for place in sorted(chosen)]


def _nobody_waits(_done: int, _total: int) -> None:
    return None
