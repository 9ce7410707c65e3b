"""Features that a micro-batch lacks: films read once, each network run once, vectors kept.

A case may need two kinds: what its model reads, and VGG16's, which gate and similar cases read
whatever serves.
"""

import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
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

BASIS: Final = (VGG16_BLOCK5.code, VGG16_BLOCK5.preprocessing_version)

Kind = tuple[str, str]
Vectors = dict[FeatureKey, Vector]

# A candidate's network may compute while the batch after is under way: one network at a time has
# the cores, or the card's memory.
_turn = threading.Lock()


def recall_features(cases: Sequence[Case], fresh: Mapping[FeatureKey, Vector]) -> None:
    """What is cached, and what is so `fresh` that it is not kept yet."""
    began = time.perf_counter()
    wanted = {key for case in cases for key in case.keys}
    kept = features.read_many(wanted - fresh.keys())
    kept.update((key, fresh[key]) for key in wanted & fresh.keys())
    share(cases, "fetch", began)
    for case in cases:
        case.vectors = {key: kept[key] for key in case.keys if key in kept}
        case.was_cached = not case.lacks


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


def extract(cases: Sequence[Case]) -> Vectors:
    """Make what each case lacks: what was made, to be kept."""
    made: Vectors = {}
    for kind in (BASIS, *_other_kinds(cases)):
        lacking = [case for case in sound(cases) if kind in map(kind_of, case.lacks)]
        made |= _extract_kind(kind, lacking)
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


def _extract_kind(kind: Kind, cases: Sequence[Case]) -> Vectors:
    """Features of the whole batch; should that fail, of each film alone: none fails for another."""
    films: dict[FeatureKey, list[Case]] = defaultdict(list)
    for case in cases:
        films[next(key for key in case.lacks if kind_of(key) == kind)].append(case)
    if not films:
        return {}
    try:
        return _make(films)
    except Exception as problem:
        if len(films) > 1:
            made = [_extract_kind(kind, own) for own in films.values()]
            return {key: vector for some in made for key, vector in some.items()}
        for case in cases:
            case.problem = problem
        return {}


def _make(films: dict[FeatureKey, list[Case]]) -> Vectors:
    """One vector for each key, also where two questions are put about one film."""
    cases = [case for own in films.values() for case in own]
    first = [own[0] for own in films.values()]
    engine = _engine_for(next(iter(films)), first[0])
    began = time.perf_counter()
    greys = [case.film.at(engine.spec.side) for case in first if case.film is not None]
    batch = worker.batch_of(engine.spec, greys)
    share(cases, "preprocess", began)
    began = time.perf_counter()
    with _turn:
        vectors = worker.features_of(engine, batch)
    share(cases, "features", began)
    made = dict(zip(films, vectors, strict=True))
    for key, own in films.items():
        for case in own:
            case.vectors[key] = made[key]
    return made


def _engine_for(key: FeatureKey, case: Case) -> "Engine":
    model = case.model
    return worker.engine() if model is None or kind_of(key) == BASIS else extractor_of(model)
