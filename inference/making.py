"""Features of shared extractors for radiographs that lack them: for workers that train.

Answering a radiograph makes features of what serves; a training may ask for those of any other.
"""

import errno
import shutil
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final
from uuid import UUID

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from core.errors import PermanentError, RetriableError
from images.models import Radiograph
from inference import features, reasons, worker
from inference.features import FeatureKey, Vector, index
from inference.films import refuse_away
from inference.inputs import Grey, InputReader
from inference.ml.extractor import EXTRACTORS, ExtractorSpec

if TYPE_CHECKING:
    from inference.ml.artifact import Artifact
    from inference.ml.engine import Engine

# Radiographs between two calls of `on_done`.
AT_ONCE: Final = 16
KEYS_PER_QUERY: Final = 500
# Vectors whose checksums are looked at together: 13 MB of VGG16's.
VECTORS_AT_ONCE: Final = 256
# With less than this the cache did not refuse by chance.
NEARLY_FULL_BYTES: Final = 16 * 1024 * 1024

Tell = Callable[[int, int], None]
Troubles = dict[UUID, str]


Block = tuple[list[UUID], NDArray[np.float16]]


@dataclass(frozen=True)
class Made:
    """How many radiographs had features, got some, and can have none.

    `troubles`: why not, by radiograph, as codes of `inference.reasons`.
    """

    cached: int
    made: int
    failed: int
    troubles: Mapping[UUID, str]


def make_missing(
    radiographs: Iterable[UUID], *, extractor: str, on_done: Tell = lambda _done, _of: None
) -> Made:
    """Make and cache features of a shared `extractor`, in small groups, for those that lack them.

    `on_done(done, total)` is called before and after each group; what it raises ends the work, and
    what was made stays. A file that is missing or damaged stops no other one. Raises KeyError for
    an unknown extractor, WeightsUnavailable or WeightsRefused when its weights are not here,
    OSError when the store is out of reach or full, MemoryError.
    """
    spec = EXTRACTORS[extractor]
    wanted = list(dict.fromkeys(radiographs))
    lacking, troubles = _lacking(wanted, spec)
    cached = len(wanted) - len(lacking) - len(troubles)
    on_done(cached + len(troubles), len(wanted))
    if lacking:
        engine, reader = worker.extractor_named(extractor), InputReader()
        for start in range(0, len(lacking), AT_ONCE):
            group = lacking[start : start + AT_ONCE]
            troubles |= _make(group, engine, reader)
            on_done(len(wanted) - len(lacking) + start + len(group), len(wanted))
    failed = len(troubles)
    return Made(cached, len(wanted) - cached - failed, failed, troubles)


def features_of_films(
    artifact: "Artifact", radiographs: Iterable[UUID], *, on_done: Tell = lambda _done, _of: None
) -> Iterator[Block]:
    """Features by the network that an artifact brings: (keys, array (n, dimensions) fp16).

    Nothing is cached: it is for models that may never serve. Radiographs that cannot be read are
    left out. Calls `on_done` and raises as `make_missing`; ArtifactRefused without a network.
    """
    engine, reader = worker.own_network(artifact), InputReader()
    wanted = list(dict.fromkeys(radiographs))
    for start in range(0, len(wanted), AT_ONCE):
        on_done(start, len(wanted))
        some = wanted[start : start + AT_ONCE]
        rows = Radiograph.objects.in_bulk(some)
        group = [rows[key] for key in some if key in rows]
        greys, troubles = _films(group, engine.spec.side, reader)
        if vectors := _vectors(greys, engine, troubles):
            yield list(vectors), np.stack(list(vectors.values()))
    on_done(len(wanted), len(wanted))


def _lacking(keys: Sequence[UUID], spec: ExtractorSpec) -> tuple[list[Radiograph], Troubles]:
    """Radiographs without a whole vector; and those that are gone."""
    rows: dict[UUID, Radiograph] = {}
    for start in range(0, len(keys), KEYS_PER_QUERY):
        rows |= Radiograph.objects.in_bulk(keys[start : start + KEYS_PER_QUERY])
    kept = _cached({key_of(row, spec) for row in rows.values()})
    lacking = [rows[key] for key in keys if key in rows and key_of(rows[key], spec) not in kept]
    return lacking, {key: reasons.FILE_MISSING for key in keys if key not in rows}


def _cached(keys: Collection[FeatureKey]) -> set[FeatureKey]:
    """Read and checked: a row of the index alone promises too much."""
    found: set[FeatureKey] = set()
    for some, _rows in features.stream(keys, rows_at_once=VECTORS_AT_ONCE):
        found.update(some)
    return found


def key_of(radiograph: Radiograph, spec: ExtractorSpec) -> FeatureKey:
    return FeatureKey(radiograph.pixel_sha256, spec.code, spec.preprocessing_version)


def _make(group: Sequence[Radiograph], engine: "Engine", reader: InputReader) -> Troubles:
    greys, troubles = _films(group, engine.spec.side, reader)
    vectors = _vectors(greys, engine, troubles)
    by_key = {key_of(row, engine.spec): vectors[row.pk] for row in group if row.pk in vectors}
    features.keep_many(by_key)
    _refuse_unkept(by_key)
    return troubles


def _films(
    group: Sequence[Radiograph], side: int, reader: InputReader
) -> tuple[dict[UUID, Grey], Troubles]:
    greys: dict[UUID, Grey] = {}
    problems: dict[UUID, Exception] = {}
    for row, future in zip(group, reader.read(group, (side,)), strict=True):
        try:
            greys[row.pk] = future.result().at(side)
        except MemoryError:
            raise
        except Exception as problem:
            problems[row.pk] = problem
    refuse_away(list(problems.values()), len(group))
    return greys, {key: reasons.code_of(problem) for key, problem in problems.items()}


def _vectors(
    greys: Mapping[UUID, Grey], engine: "Engine", troubles: Troubles
) -> dict[UUID, Vector]:
    """Of all at once; should that fail, of each alone: none fails for another."""
    keys = list(greys)
    if not keys:
        return {}
    try:
        batch = worker.batch_of(engine.spec, list(greys.values()))
        return dict(zip(keys, worker.features_of(engine, batch), strict=True))
    except (MemoryError, OSError, PermanentError, RetriableError):
        raise
    except Exception as problem:
        if len(keys) == 1:
            troubles[keys[0]] = reasons.code_of(problem)
            return {}
        parts = [_vectors({key: greys[key]}, engine, troubles) for key in keys]
        return {key: vector for part in parts for key, vector in part.items()}


def _refuse_unkept(vectors: Mapping[FeatureKey, Vector]) -> None:
    """The cache forgives a full disk, because an answer needs no cache. A training needs it."""
    if not vectors or index.places_of(vectors):
        return
    free = shutil.disk_usage(_existing(Path(settings.FEATURES_DIR))).free
    reason = errno.ENOSPC if free < NEARLY_FULL_BYTES else errno.EIO
    raise OSError(reason, "feature vectors cannot be kept")


def _existing(folder: Path) -> Path:
    return next(each for each in (folder, *folder.parents) if each.exists())
