"""Answering a micro-batch: each radiograph's stages, and a trouble of one that stays its own.

pin model -> cached features? --no--> fetch, decode, preprocess -> features -> keep
                    |                                                          |
                    +-----------------> gate <---------------------------------+
                                          |
                                        head -> outcome
"""

import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID

import numpy as np

from core.errors import PermanentError
from images.models import Radiograph
from inference import features, gate, inputs, reasons, worker
from inference.artifact_store import kept_folder
from inference.features import FeatureKey, Vector
from inference.inputs import Grey
from inference.ml.errors import ArtifactRefused
from inference.ml.preprocess import network_input
from inference.models import DeployedModel, Prediction

if TYPE_CHECKING:
    from inference.ml.engine import Classifier, Outcome
    from inference.ml.gate import Verdict


@dataclass(eq=False)
class Case:
    """One prediction on its way. It ends with an `outcome` or with a `problem`, never with both.

    `stages` are milliseconds by the name of the stage; a stage of the whole batch is divided.
    """

    prediction: Prediction
    model: DeployedModel | None = None
    key: FeatureKey | None = None
    grey: Grey | None = None
    vector: Vector | None = None
    was_cached: bool = False
    verdict: "Verdict | None" = None
    outcome: "Outcome | None" = None
    problem: Exception | None = None
    is_stored: bool = False
    stages: dict[str, float] = field(default_factory=dict)

    @property
    def radiograph(self) -> Radiograph:
        return self.prediction.radiograph


def answer(predictions: Sequence[Prediction], following: Iterable[Radiograph] = ()) -> list[Case]:
    """One case for each prediction, in their order; nothing is raised but what stops the process.

    The inputs of the `following` radiographs are read while the engine is busy with these.
    """
    cases = [Case(prediction) for prediction in predictions]
    pin_models(cases)
    recall_features(_sound(cases))
    missing = [case for case in _sound(cases) if case.vector is None]
    read_inputs(missing, following)
    extract(_sound(missing))
    judge(_sound(cases))
    classify(_sound(cases))
    return cases


def pin_models(cases: Iterable[Case]) -> None:
    """The model that is live at this moment, once for each target: no batch mixes two versions."""
    live: dict[UUID, DeployedModel | None] = {}
    for case in cases:
        target = case.prediction.target
        if target.pk not in live:
            live[target.pk] = DeployedModel.objects.live(target)
        case.model = live[target.pk]
        if case.model is None:
            case.problem = PermanentError(reasons.MODEL_MISSING)
            continue
        pixels = case.radiograph.pixel_sha256
        case.key = FeatureKey(pixels, case.model.extractor, case.model.preprocessing)


def recall_features(cases: Sequence[Case]) -> None:
    began = time.perf_counter()
    kept = features.read_many([case.key for case in cases if case.key])
    _share(cases, "fetch", began)
    for case in cases:
        case.vector = kept.get(case.key) if case.key else None
        case.was_cached = case.vector is not None


def read_inputs(cases: Sequence[Case], following: Iterable[Radiograph] = ()) -> None:
    """Read on the decode threads; what is wrong with one file is that case's problem alone."""
    reader = worker.reader()
    futures = reader.read([case.radiograph for case in cases])
    for case, future in zip(cases, futures, strict=True):
        try:
            read = future.result()
        except Exception as problem:
            case.problem = problem
            continue
        case.grey = read.grey
        for name, spent in read.stages.items():
            case.stages[name] = case.stages.get(name, 0.0) + spent
    reader.read_ahead(following)


def extract(cases: Sequence[Case]) -> None:
    """Features of the whole batch; should that fail, of each alone: none fails for another."""
    if not cases:
        return
    try:
        _extract(cases)
    except Exception as problem:
        if len(cases) == 1:
            cases[0].problem = problem
            return
        for case in cases:
            extract([case])


def judge(cases: Sequence[Case]) -> None:
    """Stop what is no frontal chest radiograph, unless a person said that it is one.

    Drawn (synthetic) films are none and say so; they pass, to be looked at in a demonstration.
    """
    began = time.perf_counter()
    of_cases = [case.radiograph.pk for case in cases]
    trusted, earlier = gate.overridden(of_cases), gate.earlier_verdicts(of_cases)
    _share(cases, "gate", began)
    for case in cases:
        if case.vector is None:
            continue
        began = time.perf_counter()
        try:
            case.verdict = earlier.get(case.radiograph.pk) or _verdict(case, case.vector)
        except Exception as problem:
            case.problem = problem
        else:
            is_trusted = case.radiograph.pk in trusted or case.radiograph.is_synthetic
            if not case.verdict.passes and not is_trusted:
                case.problem = PermanentError(reasons.NOT_FRONTAL)
        _share([case], "gate", began)


def classify(cases: Sequence[Case]) -> None:
    """The head of each model, once over all of its cases."""
    by_model: dict[DeployedModel, list[Case]] = defaultdict(list)
    for case in cases:
        if case.model is not None:
            by_model[case.model].append(case)
    for model, own in by_model.items():
        began = time.perf_counter()
        _classify(model, own)
        _share(own, "head", began)


def outcomes(model: DeployedModel, cases: Sequence[Case]) -> "list[Outcome]":
    """What `model` says of cases with features. Raises PermanentError for a refused artifact."""
    vectors = np.stack([case.vector for case in cases if case.vector is not None])
    return classifier_of(model).outcomes(vectors)


def classifier_of(model: DeployedModel) -> "Classifier":
    """Raises PermanentError when the artifact is damaged or not the one that was activated."""
    try:
        return worker.load_classifier(kept_folder(model.artifact), model.sha256)
    except ArtifactRefused as problem:
        raise PermanentError(reasons.MODEL_REFUSED) from problem


def engine_facts(case: Case) -> dict[str, Any]:
    """What computed the features; {} where they came from the cache."""
    return {} if case.was_cached else asdict(worker.engine().facts)


def _classify(model: DeployedModel, cases: Sequence[Case]) -> None:
    try:
        for case, outcome in zip(cases, outcomes(model, cases), strict=True):
            case.outcome = outcome
    except Exception as problem:
        if len(cases) == 1:
            cases[0].problem = problem
            return
        for case in cases:
            _classify(model, [case])


def _extract(cases: Sequence[Case]) -> None:
    began = time.perf_counter()
    batch = np.stack([network_input(case.grey) for case in cases if case.grey is not None])
    _share(cases, "preprocess", began)
    began = time.perf_counter()
    vectors = worker.engine().features_of(batch)
    _share(cases, "features", began)
    for case, vector in zip(cases, vectors, strict=True):
        case.vector = vector
    began = time.perf_counter()
    made = zip(cases, vectors, strict=True)
    features.keep_many({case.key: vector for case, vector in made if case.key is not None})
    inputs.forget(case.radiograph.pk for case in cases)
    _share(cases, "store", began)


def _verdict(case: Case, vector: Vector) -> "Verdict":
    grey = inputs.input_of(case.radiograph).grey if case.grey is None else case.grey
    return gate.shipped_gate().judge(grey, vector)


def _sound(cases: Iterable[Case]) -> list[Case]:
    return [case for case in cases if case.problem is None]


def _share(cases: Sequence[Case], stage: str, began: float) -> None:
    """Add the time since `began` to a stage, each case bearing its part."""
    spent = (time.perf_counter() - began) * 1000 / max(1, len(cases))
    for case in cases:
        case.stages[stage] = case.stages.get(stage, 0.0) + spent
