"""Candidates in the shadow: the same checks as the live model's, and nothing of them for users."""

import io
import shutil
import zipfile

import pytest
from django.urls import reverse

from core.jobs import JobStatus
from images.models import Target
from images.services import record_truth
from inference import offline, services
from inference.agreement import shadow_report
from inference.ml.engine import Outcome
from inference.ml.errors import ArtifactRefused
from inference.ml.extractor import VGG16_BLOCK5
from inference.ml.proportion import wilson
from inference.models import DeployedModel, Duty, Prediction, ShadowScore
from tests.factories import make_radiograph, state_truth

POSITIVE, NEGATIVE = "covid-19", "no-covid-19"
# Neither may ever be read by a user.
VERSION, PROBABILITY = "candidate-77", 0.123456789


def start(target, folder, by=None) -> DeployedModel:
    return services.start_shadow(target=target, artifact_dir=folder, by=by, reason="to try")


def says(label: str, probability: float) -> Outcome:
    other = NEGATIVE if label == POSITIVE else POSITIVE
    return Outcome({label: probability, other: 1 - probability}, probability, label, 0.5)


@pytest.fixture
def candidate(model, make_artifact) -> DeployedModel:
    """A candidate beside `model`, which is live."""
    return start(model.target, make_artifact(VERSION))


@pytest.fixture
def served(model, site, health_worker, predicted):
    """`served(0.9) -> Prediction`: what the live model told users about a new radiograph."""
    seeds = iter(range(100))

    def make(probability: float) -> Prediction:
        radiograph = make_radiograph(site=site, uploader=health_worker, seed=next(seeds))
        radiograph.predictions.all().delete()
        return predicted(radiograph, probability, model)

    return make


@pytest.fixture
def scored(candidate, served):
    """`scored(0.9, 0.2) -> Prediction`: what was served, and the candidate's score beside it."""

    def make(live: float, shadow: float) -> Prediction:
        prediction = served(live)
        outcome = says(POSITIVE if shadow >= 0.5 else NEGATIVE, shadow)
        services.record_scores(model=candidate, scored=[(prediction, outcome)])
        return prediction

    return make


class TestStart:
    def test_the_candidate_scores_and_does_not_serve(self, candidate, model):
        assert (candidate.duty, candidate.version) == (Duty.SHADOW, VERSION)
        assert list(DeployedModel.objects.shadows()) == [candidate]
        assert DeployedModel.objects.live(model.target) == model

    def test_its_files_are_kept_apart_from_their_source(self, model, make_artifact, tmp_path):
        copy = shutil.copytree(make_artifact("2"), tmp_path / "copy")
        row = start(model.target, copy)
        shutil.rmtree(copy)
        folder = offline.kept_folder(row.artifact)
        assert {file.name for file in folder.iterdir()} == {"manifest.json", "head.safetensors"}

    def test_who_tries_it_and_why_is_kept(self, model, make_artifact, administrator):
        row = start(model.target, make_artifact("2"), by=administrator)
        assert (row.activated_by, row.reason) == (administrator, "to try")

    def test_twice_is_once(self, candidate, make_artifact):
        assert start(candidate.target, make_artifact(VERSION)) == candidate
        assert DeployedModel.objects.shadows().count() == 1

    def test_what_serves_already_is_refused(self, model, make_artifact):
        with pytest.raises(ArtifactRefused, match="already"):
            start(model.target, make_artifact("1"))

    def test_without_a_live_model_there_is_nothing_to_compare_with(self, target, make_artifact):
        with pytest.raises(ArtifactRefused, match="nothing serves"):
            start(target, make_artifact("2"))

    def test_other_features_than_the_live_models_are_no_hindrance(self, model, make_artifact):
        DeployedModel.objects.update(extractor="resnet-50")
        assert start(model.target, make_artifact("2")).extractor == VGG16_BLOCK5.code

    def test_a_refused_candidate_leaves_nothing(self, model, make_artifact, settings):
        before = set(settings.ARTIFACTS_DIR.iterdir())
        with pytest.raises(ArtifactRefused):
            start(model.target, make_artifact("1"))
        assert set(settings.ARTIFACTS_DIR.iterdir()) == before
        assert not DeployedModel.objects.shadows().exists()

    def test_damaged_weights_are_refused(self, model, make_artifact, tmp_path):
        copy = shutil.copytree(make_artifact("2"), tmp_path / "copy")
        (copy / "head.safetensors").write_bytes(b"damaged")
        with pytest.raises(ArtifactRefused):
            start(model.target, copy)

    def test_a_candidate_for_another_question_is_refused(self, model, make_artifact):
        other = Target.objects.get(code="chest-three-classes")
        with pytest.raises(ArtifactRefused):
            start(other, make_artifact("2"))


class TestEnd:
    def test_a_stopped_candidate_scores_no_more(self, candidate):
        assert services.stop_shadow(model=candidate)
        assert not DeployedModel.objects.shadows().exists()

    def test_stopping_twice_is_stopping_once(self, candidate):
        services.stop_shadow(model=candidate)
        assert not services.stop_shadow(model=candidate)

    def test_the_live_model_is_no_shadow_to_stop(self, model):
        assert not services.stop_shadow(model=model)
        assert DeployedModel.objects.live(model.target) == model

    def test_promotion_ends_the_shadow_of_the_same_artifact(self, candidate, make_artifact):
        promoted = services.activate(
            target=candidate.target, artifact_dir=make_artifact(VERSION), by=None, reason="good"
        )
        assert not DeployedModel.objects.shadows().exists()
        assert DeployedModel.objects.live(candidate.target) == promoted

    def test_another_live_model_with_the_same_features_leaves_it(self, candidate, make_artifact):
        services.activate(
            target=candidate.target, artifact_dir=make_artifact("3"), by=None, reason="other"
        )
        assert list(DeployedModel.objects.shadows()) == [candidate]

    def test_another_live_model_with_other_features_leaves_it(self, candidate, make_artifact):
        DeployedModel.objects.filter(pk=candidate.pk).update(preprocessing="another")
        services.activate(
            target=candidate.target, artifact_dir=make_artifact("3"), by=None, reason="other"
        )
        assert [row.pk for row in DeployedModel.objects.shadows()] == [candidate.pk]


class TestScores:
    def test_a_score_is_kept_beside_the_served_answer(self, candidate, scored):
        prediction = scored(0.9, 0.2)
        row = ShadowScore.objects.get(prediction=prediction, model=candidate)
        assert (row.predicted_class.code, row.probability, row.agrees) == (NEGATIVE, 0.2, False)

    def test_agreement_is_of_the_class(self, scored):
        assert ShadowScore.objects.get(prediction=scored(0.9, 0.6)).agrees

    def test_a_second_score_of_the_same_prediction_is_passed_over(self, candidate, scored):
        prediction = scored(0.9, 0.2)
        services.record_scores(model=candidate, scored=[(prediction, says(POSITIVE, 0.8))])
        assert ShadowScore.objects.get().probability == 0.2

    def test_what_was_not_served_after_all_is_not_scored(self, candidate, served):
        deleted, cancelled = served(0.9), served(0.9)
        Prediction.objects.filter(pk=deleted.pk).delete()
        Prediction.objects.filter(pk=cancelled.pk).update(status=JobStatus.CANCELLED)
        both = [(row, says(POSITIVE, 0.8)) for row in (deleted, cancelled)]
        assert services.record_scores(model=candidate, scored=both) == 0
        assert not ShadowScore.objects.exists()

    def test_many_cost_as_many_queries_as_one(
        self, candidate, served, django_assert_max_num_queries
    ):
        rows = [(served(0.9), says(POSITIVE, 0.8)) for _ in range(6)]
        with django_assert_max_num_queries(5):
            assert services.record_scores(model=candidate, scored=rows) == 6


class TestReport:
    def test_without_scores_it_claims_nothing(self, candidate):
        report = shadow_report(candidate)
        assert (report.scored, report.share.value, report.mean_difference) == (0, None, None)

    def test_disagreements_are_counted_by_direction(self, candidate, scored):
        for live, shadow in ((0.9, 0.8), (0.9, 0.1), (0.9, 0.2), (0.1, 0.7), (0.1, 0.1)):
            scored(live, shadow)
        report = shadow_report(candidate)
        assert (report.scored, report.disagreements) == (5, 3)
        assert (report.live_positive, report.candidate_positive) == (2, 1)
        assert report.share == wilson(3, 5)

    def test_the_difference_of_probabilities_is_absolute(self, candidate, scored):
        scored(0.9, 0.7)
        scored(0.1, 0.5)
        assert shadow_report(candidate).mean_difference == pytest.approx(0.3)

    def test_ground_truth_says_who_was_right(self, candidate, scored, doctor):
        truths = ((0.9, 0.1, "positive"), (0.9, 0.2, "negative"), (0.1, 0.9, "positive"))
        for live, shadow, result in truths:
            state_truth(scored(live, shadow).radiograph, result, doctor)
        scored(0.9, 0.1)
        report = shadow_report(candidate)
        assert (report.disagreements, report.truth_known) == (4, 3)
        assert (report.live_right, report.candidate_right) == (1, 2)

    def test_truth_about_agreements_is_not_counted(self, candidate, scored, doctor):
        state_truth(scored(0.9, 0.8).radiograph, "positive", doctor)
        assert shadow_report(candidate).truth_known == 0

    @pytest.mark.parametrize("last", ["negative", "unknown"])
    def test_a_corrected_truth_counts_as_it_stands_now(self, candidate, scored, doctor, last):
        radiograph = scored(0.9, 0.1).radiograph
        for result in ("positive", last):
            state_truth(radiograph, result, doctor)
        report = shadow_report(candidate)
        assert (report.live_right, report.candidate_right) == (0, int(last == "negative"))

    def test_truth_of_another_question_is_not_counted(self, candidate, scored, doctor):
        radiograph = scored(0.9, 0.1).radiograph
        other = Target.objects.get(code="chest-three-classes")
        record_truth(
            radiograph=radiograph, target=other, target_class=other.positive_class,
            tested_on=None, entered_by=doctor,
        )  # fmt: skip
        assert shadow_report(candidate).truth_known == 0


class TestUnseen:
    """No user ever reads a candidate's version, its probability, or that it disagrees."""

    @pytest.fixture
    def prediction(self, scored, doctor) -> Prediction:
        made = scored(0.9, PROBABILITY)
        state_truth(made.radiograph, "positive", doctor)
        return made

    @pytest.mark.parametrize("role", ["health_worker", "doctor", "administrator"])
    def test_in_the_pages_of_a_radiograph(self, prediction, sign_in, request, role):
        browser = sign_in(request.getfixturevalue(role))
        radiograph = prediction.radiograph
        badges = f"{reverse('inference:badges')}?id={radiograph.pk}"
        pages = [reverse("inference:panel", args=[radiograph.pk]), badges, reverse("home")]
        pages += [radiograph.get_absolute_url(), reverse("images:list")]
        assert unread(browser.get(page).content for page in pages)

    def test_in_the_api(self, prediction, sign_in, doctor):
        browser, url = sign_in(doctor), "/api/v1/predictions/"
        answer = browser.get(f"{url}{prediction.pk}/")
        assert answer.json()["probability"] == 0.9
        assert unread([answer.content, browser.get(url).content])
        assert unread([browser.get("/api/v1/images/").content])
        assert browser.get(f"{url}?model={VERSION}").json()["results"] == []

    def test_in_the_exports(self, prediction, sign_in, researcher):
        browser = sign_in(researcher)
        table = b"".join(browser.get("/api/v1/cases.csv").streaming_content)
        archive = b"".join(browser.get("/api/v1/cases.zip").streaming_content)
        with zipfile.ZipFile(io.BytesIO(archive)) as files:
            contents = [files.read(name) for name in files.namelist()]
        assert str(prediction.radiograph_id).encode() in table
        assert unread([table, *contents])

    def test_on_the_command_line(self, candidate, small_engine, model):
        assert offline.predictor(target=model.target.code).version == model.version

    def test_in_the_queue(self, candidate, model, site, health_worker):
        asked = make_radiograph(site=site, uploader=health_worker, seed=7)
        assert Prediction.objects.filter(radiograph=asked).count() == 1


def unread(contents) -> bool:
    rounded = ("12.3\N{NO-BREAK SPACE}%", "12,3\N{NO-BREAK SPACE}%")
    words = [word.encode() for word in (VERSION, str(PROBABILITY)[:6], *rounded)]
    return not any(word in content for content in contents for word in words)
