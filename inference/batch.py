"""Answering a micro-batch: each radiograph's stages, and a trouble of one that stays its own.

begun:    pin model -> cached features? --no--> fetch, decode, preprocess -> engine
                              |                                               |
                              +---------------------+------------- features --+
answered:                          keep -> gate -> head -> outcome

Where the model that serves reads other features than VGG16's, both kinds are recalled or made.
"""

import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

import numpy as np

from core.errors import PermanentError
from images.models import Radiograph
from inference import extraction, gate, inputs, reasons, worker
from inference.artifact_store import kept_folder
from inference.cases import Case, share, sound
from inference.extraction import Making
from inference.features import FeatureKey, Vector
from inference.ml.errors import ArtifactRefused
from inference.ml.extractor import spec_of
from inference.models import DeployedModel, Prediction

if TYPE_CHECKING:
    from inference.ml.engine import Classifier, Outcome
    from inference.ml.gate import Verdict


@dataclass(frozen=True)
class Begun:
    """One case for each prediction, in their order, and the features that the engine has begun."""

    cases: Sequence[Case]
    makings: Sequence[Making]

    def wait_until_taken(self) -> None:
        """Until the engine has its hands free for another micro-batch, or nearly so."""
        for making in self.makings:
            making.pending.wait_until_taken()


def begin(
    predictions: Sequence[Prediction],
    following: Iterable[Radiograph] = (),
    fresh: Sequence[Making] = (),
) -> Begun:
    """Give the engine the features to make, which is what takes long; a trouble of one radiograph
    is noted in its case.

    The inputs of the `following` radiographs are read while the engine is busy with these. `fresh`
    features are perhaps not kept yet, or not even made.
    """
    cases = [Case(prediction) for prediction in predictions]
    pin_models(cases)
    extraction.recall_features(sound(cases), fresh)
    missing = [case for case in sound(cases) if case.lacks]
    extraction.read_inputs(missing, following)
    return Begun(cases, extraction.begin(sound(missing)))


def answer(begun: Begun) -> None:
    """Wait for the features, keep them, and let each sound case end with an outcome or a problem.

    Raises what the database does.
    """
    extraction.keep(extraction.finish(begun.makings), begun.cases)
    judge(sound(begun.cases))
    classify(sound(begun.cases))


def pin_models(cases: Iterable[Case]) -> None:
    """The model that is live at this moment, once for each target: no batch mixes two versions."""
    live: dict[UUID, DeployedModel | None] = {}
    for case in cases:
        target = case.prediction.target
        if target.pk not in live:
            # Without what only pages show.
            live[target.pk] = DeployedModel.objects.defer("metrics", "limits").live(target)
        case.model = live[target.pk]
        if case.model is None:
            case.problem = PermanentError(reasons.MODEL_MISSING)
            continue
        if spec_of(case.model.extractor) is None:
            case.problem = PermanentError(reasons.MODEL_REFUSED)
            continue
        pixels = case.radiograph.pixel_sha256
        case.key = FeatureKey(pixels, case.model.extractor, case.model.preprocessing)
        case.basis_key = FeatureKey(pixels, *extraction.BASIS)


def judge(cases: Sequence[Case]) -> None:
    """Stop what is no frontal chest radiograph, unless a person said that it is one.

    Drawn (synthetic) films are none and say so; they pass, to be looked at in a demonstration.
    """
    began = time.perf_counter()
    # Whose features were cached has been here before.
    earlier = gate.earlier_verdicts([case.radiograph.pk for case in cases if case.was_cached])
    share(cases, "gate", began)
    for case in cases:
        began = time.perf_counter()
        _judge(case, earlier.get(case.radiograph.pk))
        share([case], "gate", began)
    _stop([case for case in sound(cases) if case.verdict and not case.verdict.passes])


def _judge(case: Case, earlier: "Verdict | None") -> None:
    try:
        if case.basis is not None:
            case.verdict = earlier or _verdict(case, case.basis)
    except Exception as problem:
        case.problem = problem


def _stop(cases: Sequence[Case]) -> None:
    trusted = gate.overridden([case.radiograph.pk for case in cases])
    for case in cases:
        if case.radiograph.pk not in trusted and not case.radiograph.is_synthetic:
            case.problem = PermanentError(reasons.NOT_FRONTAL)


def classify(cases: Sequence[Case]) -> None:
    """The head of each model, once over all of its cases."""
    by_model: dict[DeployedModel, list[Case]] = defaultdict(list)
    for case in cases:
        if case.model is not None:
            by_model[case.model].append(case)
    for model, own in by_model.items():
        began = time.perf_counter()
        _classify(model, own)
        share(own, "head", began)


def outcomes(model: DeployedModel, vectors: Sequence[Vector]) -> "list[Outcome]":
    """What `model` says of features (dimensions,) each. Raises PermanentError for a refused
    artifact."""
    return classifier_of(model).outcomes(np.stack(vectors))


def classifier_of(model: DeployedModel) -> "Classifier":
    """Raises PermanentError when the artifact is damaged or not the one that was activated."""
    try:
        return worker.load_classifier(kept_folder(model.artifact), model.sha256)
    except ArtifactRefused as problem:
        raise PermanentError(reasons.MODEL_REFUSED) from problem


def _classify(model: DeployedModel, cases: Sequence[Case]) -> None:
    try:
        vectors = [case.vector for case in cases if case.vector is not None]
        for case, outcome in zip(cases, outcomes(model, vectors), strict=True):
            case.outcome = outcome
    except Exception as problem:
        if len(cases) == 1:
            cases[0].problem = problem
            return
        for case in cases:
            _classify(model, [case])


def _verdict(case: Case, vector: Vector) -> "Verdict":
    film = inputs.input_of(case.radiograph) if case.film is None else case.film
    return gate.shipped_gate().judge(film.grey, vector)
