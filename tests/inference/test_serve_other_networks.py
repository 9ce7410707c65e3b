"""Any model serves: one that brought its network, one on another shared extractor; VGG16's features
are made all the same, for gate and similar cases."""

import numpy as np
import pytest

from core.jobs import JobStatus
from images.models import Target
from inference import features, inputs, reasons, services, tasks, worker
from inference.artifact_store import kept_folder
from inference.explanations import methods_of
from inference.features import FeatureKey
from inference.ml.errors import ArtifactRefused
from inference.ml.extractor import VGG16_BLOCK5, spec_of
from inference.models import (
    DeployedModel,
    Explanation,
    FeatureVector,
    Method,
    Prediction,
    ShadowScore,
)
from tests.factories import make_radiograph
from tests.networks import OWN, SHARED, UNDECIDED

pytestmark = pytest.mark.usefixtures("small_engine")


def put_in_service(target, folder) -> DeployedModel:
    return services.activate(target=target, artifact_dir=folder, by=None, reason="test")


@pytest.fixture
def own_model(target, own_network) -> DeployedModel:
    return put_in_service(target, own_network())


def answered(radiograph) -> Prediction:
    services.request_predictions(radiographs=[radiograph])
    while services.work_next():
        pass
    return Prediction.objects.filter(radiograph=radiograph).latest("created_at")


def kinds_of(radiograph) -> set[str]:
    rows = FeatureVector.objects.filter(pixel_sha256=radiograph.pixel_sha256)
    return set(rows.values_list("extractor", flat=True))


def said(model, radiograph) -> float:
    """The probability by the artifact's own parts, without queue and cache."""
    extractor = worker.extractor_for(model)
    film = worker.input_of(radiograph, extractor.spec)
    head = worker.load_classifier(kept_folder(model.artifact), model.sha256)
    return head.outcomes(extractor.features_of(film[None]))[0].positive_probability


def test_a_network_of_its_own_answers(own_model, radiograph):
    prediction = answered(radiograph)
    assert (prediction.status, prediction.model) == (JobStatus.DONE, own_model)
    assert prediction.probability == said(own_model, radiograph)
    assert prediction.engine["name"] == "torch"


def test_its_features_and_those_of_vgg16_are_kept(own_model, radiograph):
    answered(radiograph)
    assert own_model.extractor.startswith(f"{OWN}@")
    assert kinds_of(radiograph) == {own_model.extractor, VGG16_BLOCK5.code}


def test_it_reads_the_film_at_its_own_side(own_model, radiograph):
    answered(radiograph)
    key = FeatureKey(radiograph.pixel_sha256, own_model.extractor, own_model.preprocessing)
    film = inputs.input_of(radiograph, (64,)).at(64)
    made = worker.extractor_for(own_model).features_of(film[None, None])
    assert np.array_equal(features.read(key), made[0])


def test_a_handed_over_input_of_another_side_is_not_taken(own_model, radiograph):
    inputs.hand_over(radiograph.pk, _noise())
    assert answered(radiograph).probability == said(own_model, radiograph)


def _noise():
    from images.radiograph import RadiographPixels
    from tests.factories import chest_array

    return RadiographPixels.eight_bit(chest_array(77))


@pytest.mark.usefixtures("shared_weights")
def test_a_head_on_another_shared_extractor_answers(target, on_shared, radiograph):
    model = put_in_service(target, on_shared())
    prediction = answered(radiograph)
    assert prediction.probability == said(model, radiograph)
    assert kinds_of(radiograph) == {SHARED, VGG16_BLOCK5.code}


def test_without_the_weights_of_its_extractor_no_model_goes_into_service(target, on_shared):
    with pytest.raises(ArtifactRefused, match=SHARED):
        put_in_service(target, on_shared())


@pytest.mark.usefixtures("shared_weights")
def test_other_weights_of_the_same_extractor_are_refused(target, on_shared):
    with pytest.raises(ArtifactRefused, match="another"):
        put_in_service(target, on_shared(extractor_weights_sha256="6" * 64))


@pytest.mark.usefixtures("shared_weights")
def test_weights_that_went_away_end_the_prediction_with_a_reason(
    target,
    on_shared,
    radiograph,
    monkeypatch,
):
    from inference.ml import extractor_weights
    from inference.ml.errors import WeightsUnavailable

    put_in_service(target, on_shared())
    worker._shared.cache_clear()

    def gone(*_args):
        raise WeightsUnavailable("no file")

    monkeypatch.setattr(extractor_weights, "load_extractor", gone)
    prediction = answered(radiograph)
    assert (prediction.status, prediction.error_code) == (
        JobStatus.FAILED, reasons.EXTRACTOR_MISSING,
    )  # fmt: skip


def test_what_is_cached_is_not_made_again(own_model, radiograph, small_engine):
    answered(radiograph)
    calls = small_engine.calls
    Prediction.objects.all().delete()
    again = answered(radiograph)
    assert again.features_were_cached
    assert small_engine.calls == calls


def test_one_film_and_two_questions_run_each_network_once(
    own_model, make_artifact, site, small_engine
):
    three = Target.objects.get(code="chest-three-classes")
    classes = tuple(three.classes.values_list("code", flat=True))
    positive = three.positive_class.code
    put_in_service(three, make_artifact("3", target=three.code, classes=classes, positive=positive))
    radiograph = make_radiograph(site=site, seed=31)
    answered(radiograph)
    done = Prediction.objects.filter(radiograph=radiograph, status=JobStatus.DONE)
    assert done.count() == 2
    assert small_engine.calls == 1


def test_it_answers_again_for_what_older_models_answered(model, target, own_network, radiograph):
    answered(radiograph)
    newer = put_in_service(target, own_network())
    services.request_reprediction(model=newer, by=None)
    services.work_on_reprediction()
    while services.work_next():
        pass
    row = Prediction.objects.get(radiograph=radiograph, model=newer)
    assert (row.status, row.probability) == (JobStatus.DONE, said(newer, radiograph))


def test_a_candidate_with_its_own_network_scores_in_the_shadow(
    model,
    target,
    own_network,
    radiograph,
):
    candidate = services.start_shadow(
        target=target, artifact_dir=own_network(), by=None, reason="to try"
    )
    prediction = answered(radiograph)
    score = ShadowScore.objects.get(model=candidate, prediction=prediction)
    assert prediction.model == model
    assert score.probability == said(candidate, radiograph)


def test_a_candidate_on_vgg16_scores_beside_a_network_of_its_own(
    own_model, target, make_artifact, radiograph, small_engine
):
    candidate = services.start_shadow(
        target=target, artifact_dir=make_artifact("2"), by=None, reason="to try"
    )
    answered(radiograph)
    assert ShadowScore.objects.filter(model=candidate).count() == 1
    assert small_engine.calls == 1


def test_its_heat_map_is_drawn(own_model, radiograph):
    prediction = answered(radiograph)
    Explanation.objects.create(prediction=prediction, method=Method.GRAD_CAM)
    tasks.explain_waiting()
    assert Explanation.objects.get().status == JobStatus.DONE


def test_a_fast_map_is_offered_only_where_features_keep_places(own_model, radiograph, doctor):
    prediction = answered(radiograph)
    assert not spec_of(own_model.extractor).has_places
    assert methods_of(prediction) == [Method.GRAD_CAM]
    asked = services.request_explanation(prediction=prediction, method=Method.FAST_CAM, by=doctor)
    assert asked is None


def test_an_unsure_answer_is_stored(target, own_network, radiograph):
    put_in_service(target, own_network(conformal=UNDECIDED))
    prediction = answered(radiograph)
    assert prediction.is_unsure
    assert prediction.answers == ["no-covid-19", "covid-19"]


def test_an_unsure_answer_is_stored_by_a_reprediction_too(target, own_network, radiograph):
    put_in_service(target, own_network("a"))
    answered(radiograph)
    sure = Prediction.objects.get()
    assert (sure.is_unsure, sure.answers) == (False, [])
    newer = put_in_service(target, own_network("b", conformal=UNDECIDED))
    assert newer.extractor == sure.model.extractor
    services.request_reprediction(model=newer, by=None)
    services.work_on_reprediction()
    assert Prediction.objects.get(model=newer).is_unsure
