"""Features that a micro-batch lacks: films read once, each network run once, vectors kept.

They are begun, and finished later: between the two an engine may be busy with them.

A case may need two kinds: what its model reads, and VGG16's, which gate and similar cases read
whatever serves.
"""

import threading
import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from core.errors import PermanentError
from images.models import Radiograph
from inference import features, inputs, reasons, worker
from inference.cases import Case, share, sound
from inference.features import FeatureKey, Vector
from inference.ml.errors import ArtifactRefused, WeightsRefused, WeightsUnavailable
from inference.ml.extractor import VGG16_BLOCK5, spec_of
from inference.models import DeployedModel

if TYPE_CHECKING:
    from inference.ml.engine import Engine
    from inference.ml.pending import PendingFeatures

BASIS: Final = (VGG16_BLOCK5.code, VGG16_BLOCK5.preprocessing_version)

Kind = tuple[str, str]
Vectors = dict[FeatureKey, Vector]
Films = dict[FeatureKey, list[Case]]

# A candidate's network may compute while the batch after is under way: one network at a time is
# given work, for the card's memory.
_turn = threading.Lock()


@dataclass(frozen=True)
class Making:
    """Features of one kind that an engine was given to make, in the order of `films`; `began` is of
    `time.perf_counter`. A film has several cases where two questions are put about it."""

    films: Films
    pending: "PendingFeatures"
    began: float

    def vectors(self) -> Vectors:
        """Waits until they are there. Raises what the engine does."""
        return dict(zip(self.films, self.pending.result(), strict=True))


def recall_features(cases: Sequence[Case], fresh: Sequence[Making]) -> None:
    """What is cached, and what is so `fresh` that it is not kept yet."""
    began = time.perf_counter()
    wanted = {key for case in cases for key in case.keys}
    kept = _fresh_of(wanted, fresh)
    kept |= features.read_many(wanted - kept.keys())
    share(cases, "fetch", began)
    for case in cases:
        case.vectors = {key: kept[key] for key in case.keys if key in kept}
        case.was_cached = not case.lacks


def _fresh_of(wanted: Collection[FeatureKey], fresh: Sequence[Making]) -> Vectors:
    """What could not be made is for each batch to find out by itself."""
    found: Vectors = {}
    for making in fresh:
        if own := making.films.keys() & wanted:
            with suppress(Exception):
                vectors = making.vectors()
                found |= {key: vectors[key] for key in own}
    return found


def read_inputs(cases: Sequence[Case], following: Iterable[Radiograph] = ()) -> None:
    """Read on the decode threads; what is wrong with one file is that case's problem alone."""
    by_sides: dict[frozenset[int], list[Case]] = defaultdict(list)
    for case in cases:
        by_sides[_sides(case)].append(case)
    reader = worker.reader()
    for sides, own in by_sides.items():
        futures = reader.read([case.radiograph for case in own], sides)
        for case, future in zip(own, futures, strict=True):
            try:
                case.film = future.result()
            except Exception as problem:
                case.problem = problem
                continue
            for name, spent in case.film.stages.items():
                case.stages[name] = case.stages.get(name, 0.0) + spent
    reader.read_ahead(following, frozenset().union(*by_sides))


def begin(cases: Sequence[Case]) -> list[Making]:
    """Give the engines to make what each case lacks."""
    begun: list[Making] = []
    for kind in (BASIS, *_other_kinds(cases)):
        lacking = [case for case in sound(cases) if kind in map(kind_of, case.lacks)]
        begun += _begin(_films(kind, lacking))
    return begun


def finish(begun: Iterable[Making]) -> Vectors:
    """Wait for what was begun, and hand it to its cases: all that was made, to be kept."""
    made: Vectors = {}
    for making in begun:
        made |= _finish(making)
    return made


def keep(made: Mapping[FeatureKey, Vector], cases: Sequence[Case]) -> None:
    """Keep what was made for `cases`; nobody needs what the uploads handed over for it any more."""
    began = time.perf_counter()
    features.keep_many(made)
    share([case for case in cases if not made.keys().isdisjoint(case.keys)], "store", began)
    inputs.forget(case.radiograph.pk for case in sound(cases) if case.film is not None)


def add_vectors(model: DeployedModel, cases: Sequence[Case]) -> None:
    """Recall or make what `model`, a candidate, reads of answered cases; what cannot be is left.

    Raises PermanentError when its extractor cannot be loaded, MemoryError or OSError.
    """
    kind = model.extractor, model.preprocessing
    keys = {case: FeatureKey(case.radiograph.pixel_sha256, *kind) for case in cases}
    lacking = {case: key for case, key in keys.items() if key not in case.vectors}
    kept = features.read_many(lacking.values())
    made: dict[FeatureKey, Vector] = {}
    for case, key in lacking.items():
        if key not in kept and key not in made:
            made[key] = _vector(case, engine_of(model))
        case.vectors[key] = kept[key] if key in kept else made[key]
    features.keep_many(made)


def _vector(case: Case, engine: "Engine") -> Vector:
    side = engine.spec.side
    if case.film is None or (side != VGG16_BLOCK5.side and side not in case.film.others):
        case.film = inputs.input_of(case.radiograph, (side,))
    batch = worker.batch_of(engine.spec, [case.film.at(side)])
    with _turn:
        vector: Vector = worker.features_of(engine, batch)[0]
    return vector


def extractor_of(model: DeployedModel) -> "Engine":
    """What makes the features of `model`. Raises PermanentError when it cannot be loaded."""
    try:
        return worker.extractor_for(model)
    except ArtifactRefused as problem:
        raise PermanentError(reasons.MODEL_REFUSED) from problem
    except (WeightsRefused, WeightsUnavailable, KeyError) as problem:
        raise PermanentError(reasons.EXTRACTOR_MISSING) from problem


def engine_facts(case: Case) -> dict[str, Any]:
    """What computed the features; {} where they came from the cache."""
    if case.was_cached or case.model is None:
        return {}
    return asdict(engine_of(case.model).facts)


def engine_of(model: DeployedModel) -> "Engine":
    """As `extractor_of`; VGG16 raises what `worker.engine` raises, which is no fault of a model."""
    return worker.engine() if reads_basis(model) else extractor_of(model)


def reads_basis(model: DeployedModel) -> bool:
    """Whether it reads VGG16's features, which every answered film has."""
    return (model.extractor, model.preprocessing) == BASIS


def kind_of(key: FeatureKey) -> Kind:
    return key.extractor, key.preprocessing


def _sides(case: Case) -> frozenset[int]:
    """Of what it lacks, beside the side that every film is read at."""
    specs = (spec_of(key.extractor) for key in case.lacks)
    return frozenset(spec.side for spec in specs if spec) - {VGG16_BLOCK5.side}


def _other_kinds(cases: Iterable[Case]) -> Iterator[Kind]:
    kinds = dict.fromkeys(kind_of(key) for case in cases for key in case.lacks)
    return (kind for kind in kinds if kind != BASIS)


def _films(kind: Kind, cases: Sequence[Case]) -> Films:
    films: Films = defaultdict(list)
    for case in cases:
        films[next(key for key in case.lacks if kind_of(key) == kind)].append(case)
    return dict(films)


def _begin(films: Films) -> list[Making]:
    try:
        return [_given(films)] if films else []
    except Exception as problem:
        return _each_alone(films, problem)


def _given(films: Films) -> Making:
    """One input for each key, also where two questions are put about one film."""
    cases = [case for own in films.values() for case in own]
    first = [own[0] for own in films.values()]
    engine = _engine_for(next(iter(films)), first[0])
    began = time.perf_counter()
    greys = [case.film.at(engine.spec.side) for case in first if case.film is not None]
    batch = worker.batch_of(engine.spec, greys)
    share(cases, "preprocess", began)
    began = time.perf_counter()
    with _turn:
        return Making(films, worker.begin_features(engine, batch), began)


def _finish(making: Making) -> Vectors:
    try:
        vectors = making.vectors()
    except Exception as problem:
        return finish(_each_alone(making.films, problem))
    share([case for own in making.films.values() for case in own], "features", making.began)
    for key, own in making.films.items():
        for case in own:
            case.vectors[key] = vectors[key]
    return vectors


def _each_alone(films: Films, problem: Exception) -> list[Making]:
    """After the trouble of a whole batch: each film by itself, so that none fails for another."""
    if len(films) > 1:
        return [making for key, own in films.items() for making in _begin({key: own})]
    for own in films.values():
        for case in own:
            case.problem = problem
    return []


def _engine_for(key: FeatureKey, case: Case) -> "Engine":
    model = case.model
    return worker.engine() if model is None or kind_of(key) == BASIS else extractor_of(model)
