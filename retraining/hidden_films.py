"""Films with a region hidden, through the extractor of a model: for the shortcut audit.

Features of shared extractors are cached under a preprocessing of their own, so that the next model
of that extractor is audited in seconds; those of a network that a model brings are made anew.
Loads torch.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from core.errors import PermanentError
from images.models import Radiograph
from inference import features, worker
from inference.features import FeatureKey, Vector
from inference.inputs import Grey, grey_of
from inference.ml.artifact import Artifact
from inference.ml.engine import Classifier
from inference.ml.extractor import ExtractorSpec
from retraining.ml.hiding import BORDERS, HIDING_VERSION, LUNGS, hide

if TYPE_CHECKING:
    from inference.ml.engine import Engine

# Told so many of so many; what it raises ends the work.
OnDone = Callable[[int, int], None]
FILMS_AT_ONCE: Final = 16
REGIONS: Final = (LUNGS, BORDERS)

Scores = dict[UUID, NDArray[np.float64]]


def hidden_scores(
    artifact: Artifact, films: Mapping[UUID, str], on_done: OnDone
) -> dict[str, Scores]:
    """{region: {radiograph: probabilities (C,) in the manifest's order}} of ``films``, which are
    radiographs and the hashes of their pixels.

    Films that cannot be read are left out. Raises WeightsUnavailable, WeightsRefused, OSError,
    MemoryError and what ``on_done`` raises.
    """
    network, classifier = _Network(artifact), Classifier(artifact)
    found: dict[str, Scores] = {region: {} for region in REGIONS}
    keys = list(films)
    for start in range(0, len(keys), FILMS_AT_ONCE):
        on_done(start, len(keys))
        some = {key: films[key] for key in keys[start : start + FILMS_AT_ONCE]}
        for region, vectors in network.vectors(some).items():
            if vectors:
                rows = classifier.probabilities(np.stack(list(vectors.values())))
                found[region].update(zip(vectors, rows, strict=True))
    on_done(len(keys), len(keys))
    return found


def hidden_key(pixel_sha256: str, extractor: str, preprocessing: str, region: str) -> FeatureKey:
    return FeatureKey(pixel_sha256, extractor, f"{preprocessing}+{region}-{HIDING_VERSION}")


@dataclass(frozen=True)
class _Network:
    """Loaded when a film lacks features. Those of a network that a model brings are not cached."""

    artifact: Artifact

    @property
    def is_shared(self) -> bool:
        return self.artifact.backbone is None

    @property
    def spec(self) -> ExtractorSpec:
        return self.artifact.extractor

    @cached_property
    def engine(self) -> "Engine":
        if self.is_shared:
            return worker.extractor_named(self.spec.code)
        return worker.own_network(self.artifact)

    def vectors(self, films: Mapping[UUID, str]) -> dict[str, dict[UUID, Vector]]:
        """Of each region; a film is decoded once for all that it lacks."""
        found = {region: self._cached(films, region) for region in REGIONS}
        lacking = [key for key in films if any(key not in known for known in found.values())]
        greys = dict(_greys(lacking, self.spec.side))
        for region, known in found.items():
            todo = [key for key in greys if key not in known]
            made = self._made([greys[key] for key in todo], region)
            known.update(zip(todo, made, strict=True))
            self._keep({key: known[key] for key in todo}, films, region)
        return found

    def _cached(self, films: Mapping[UUID, str], region: str) -> dict[UUID, Vector]:
        if not self.is_shared:
            return {}
        kept = features.read_many(self._key(pixels, region) for pixels in set(films.values()))
        usable = {key: row for key, row in kept.items() if np.isfinite(row).all()}
        places = {key: self._key(pixels, region) for key, pixels in films.items()}
        return {key: usable[place] for key, place in places.items() if place in usable}

    def _made(self, greys: Sequence[Grey], region: str) -> list[Vector]:
        if not greys:
            return []
        batch = worker.batch_of(self.spec, [hide(grey, region) for grey in greys])
        return list(worker.features_of(self.engine, batch))

    def _keep(self, made: Mapping[UUID, Vector], films: Mapping[UUID, str], region: str) -> None:
        if self.is_shared and made:
            features.keep_many({self._key(films[key], region): row for key, row in made.items()})

    def _key(self, pixel_sha256: str, region: str) -> FeatureKey:
        spec = self.spec
        return hidden_key(pixel_sha256, spec.code, spec.preprocessing_version, region)


def _greys(keys: Sequence[UUID], side: int) -> Iterator[tuple[UUID, Grey]]:
    for key, radiograph in Radiograph.objects.in_bulk(keys).items():
        with suppress(PermanentError):
            yield key, grey_of(radiograph, side)
