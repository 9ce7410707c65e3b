"""`manage.py predict FILE...`."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError
from PIL import Image

from inference import offline, services, worker
from inference.models import DeployedModel, Prediction
from tests.development import shared_data, vgg16_weights
from tests.engines import ClosedGate
from tests.factories import chest_array, chest_png, make_radiograph


@pytest.fixture
def baseline(settings, make_artifact) -> None:
    settings.BASELINE_DIR = make_artifact("shipped")


@pytest.fixture
def film(tmp_path) -> Path:
    path = tmp_path / "film.png"
    path.write_bytes(chest_png(1))
    return path


def predict(*arguments) -> tuple[list[dict], int]:
    """The JSON lines and the exit status."""
    out, status = StringIO(), 0
    try:
        call_command("predict", *map(str, arguments), "--json", stdout=out)
    except SystemExit as end:
        status = end.code
    return [json.loads(line) for line in out.getvalue().splitlines()], status


@pytest.mark.usefixtures("db", "baseline", "small_engine")
class TestWithSmallEngine:
    def test_one_line_a_file(self, film):
        [line], status = predict(film)
        assert set(line) == {"file", "probability", "label", "model_version"}
        assert (line["file"], line["model_version"], status) == (str(film), "shipped", 0)

    def test_without_a_deployed_model_the_shipped_one_answers(self, film):
        assert not DeployedModel.objects.exists()
        [line], _ = predict(film)
        assert line["model_version"] == "shipped"

    def test_the_deployed_model_comes_first(self, film, model):
        [line], _ = predict(film)
        assert line["model_version"] == model.version

    def test_without_a_database_the_shipped_model_answers(self, film, monkeypatch):
        def no_tables(*_args, **_options):
            raise OperationalError("no such table")

        monkeypatch.setattr("django.db.models.query.QuerySet.first", no_tables)
        [line], status = predict(film)
        assert (line["model_version"], status) == ("shipped", 0)

    def test_a_bad_file_is_told_and_the_others_are_predicted(self, film, tmp_path):
        bad, missing = tmp_path / "bad.png", tmp_path / "missing.png"
        bad.write_bytes(b"text")
        lines, status = predict(bad, missing, film)
        assert [set(line) for line in lines[:2]] == [{"file", "error", "code"}] * 2
        assert lines[2]["label"] in {"covid-19", "no-covid-19"}
        assert status == 1

    def test_what_is_no_frontal_radiograph_has_no_prediction(self, film, monkeypatch):
        monkeypatch.setattr("inference.gate.shipped_gate", ClosedGate)
        [line], status = predict(film)
        assert (line["code"], line["gate"]["score"], status) == ("not-frontal", 0.1, 1)

    def test_a_person_may_ask_all_the_same(self, film, monkeypatch):
        monkeypatch.setattr("inference.gate.shipped_gate", ClosedGate)
        [line], status = predict(film, "--any-image")
        assert ("probability" in line, status) == (True, 0)

    def test_large_jpegs_can_be_decoded_at_a_reduced_size(
        self, tmp_path, small_engine, monkeypatch
    ):
        seen = []
        real = small_engine.features
        monkeypatch.setattr(small_engine, "features", lambda rows: seen.extend(rows) or real(rows))
        large = tmp_path / "large.jpg"
        Image.fromarray(chest_array(1, (2000, 1800))).save(large, quality=80)
        predict(large)
        predict(large, "--scaled-decoding")
        assert [row.array.shape for row in seen] == [(2000, 1800), (500, 450)]

    def test_the_platform_says_the_same(self, film, model, site):
        radiograph = make_radiograph(site=site, seed=1)
        services.work_next()
        [line], _ = predict(film)
        stored = Prediction.objects.get(radiograph=radiograph)
        assert line["probability"] == pytest.approx(stored.probability, abs=1e-12)
        assert line["label"] == stored.predicted_class.code

    def test_nothing_is_stored(self, film):
        predict(film)
        assert not Prediction.objects.exists()

    def test_words_for_people(self, film):
        out = StringIO()
        call_command("predict", str(film), stdout=out)
        assert "film.png" in out.getvalue()
        assert "shipped" in out.getvalue()

    def test_an_unknown_target_is_one_sentence(self, film):
        with pytest.raises(CommandError):
            call_command("predict", str(film), "--target", "x", stdout=StringIO())


def test_without_weights_the_way_out_is_named(db, baseline, film, settings, tmp_path):
    settings.WEIGHTS_DIR, settings.VGG16_WEIGHTS = tmp_path / "empty", ""
    worker.engine.cache_clear()
    with pytest.raises(CommandError, match="fetch_weights"):
        call_command("predict", str(film), stdout=StringIO())


@pytest.mark.data
@pytest.mark.slow
def test_web_and_command_agree_on_real_radiographs(db, settings, site):
    """With the real network and the model that ships; the equality that users are promised."""
    settings.VGG16_WEIGHTS = str(vgg16_weights())
    worker.engine.cache_clear()
    services.install_baseline()
    films = sorted(shared_data("originals").iterdir())[:3]
    for film in films:
        store(film, site)
    while services.work_next():
        pass
    lines, status = predict(*films)
    stored = Prediction.objects.order_by("created_at")
    assert status == 0
    for line, prediction in zip(lines, stored, strict=True):
        assert line["probability"] == pytest.approx(prediction.probability, abs=1e-4)
    worker.engine.cache_clear()


def store(film: Path, site) -> None:
    from images.services import patient_of, store_radiograph
    from tests.factories import UserFactory

    with film.open("rb") as stream:
        store_radiograph(
            stream=stream,
            patient=patient_of(site=site, code="P-1"),
            uploader=UserFactory(site=site),
        )


def test_a_model_of_an_unknown_version_is_refused(db, baseline):
    with pytest.raises(offline.UnknownModel):
        offline.predictor(target="covid-19", version="from-the-future")
