"""What a start would meet, told before it."""

import pytest
from django.utils import timezone

from core.jobs import JobStatus
from inference.models import FeatureShard, FeatureVector
from retraining import vault
from retraining.ml.architectures import BadRecipe
from retraining.models import TrainingRun
from retraining.services.snapshots import take_snapshot
from retraining.snapshots import preflight as module
from retraining.snapshots import room_needed
from retraining.snapshots.preflight import preflight
from tests.retraining.lists import confirmed_cases


@pytest.fixture(autouse=True)
def weights(settings, tmp_path):
    """Files with the names that are looked for; nobody reads them here."""
    settings.WEIGHTS_DIR, settings.VGG16_WEIGHTS = tmp_path, ""
    vgg16 = tmp_path / "vgg16_features_imagenet.safetensors"
    vgg16.touch()
    return vgg16


@pytest.fixture
def films(covid, site):
    return confirmed_cases(200, site=site, is_compared=False)


def cache(films, extractor="vgg16-block5", preprocessing="xr-224-1"):
    shard = FeatureShard.objects.create(
        name=f"s-{extractor}", extractor=extractor, preprocessing=preprocessing, dimensions=4
    )
    FeatureVector.objects.bulk_create(
        FeatureVector(
            shard=shard, position=place, pixel_sha256=film.pixel_sha256, extractor=extractor,
            preprocessing=preprocessing, sha256="0" * 64, pooled=b"",
        )
        for place, film in enumerate(films)
    )  # fmt: skip


def disk(monkeypatch, free):
    monkeypatch.setattr(room_needed, "_free", lambda folder: free)


def test_ready(films, covid):
    found = preflight(covid, "covid-xr-c", "vgg16-block5")
    assert found.may_start
    assert found.reasons == ()
    assert (found.cases, found.cached, found.missing, found.looks) == (200, 0, 200, 0)
    assert found.open_run is None
    assert "not-compared" in [flag["code"] for flag in found.plan.flags]
    assert len(found.warnings) >= len(found.plan.flags)


def test_it_writes_nothing(films, covid):
    preflight(covid, "covid-xr-c")
    assert not TrainingRun.objects.exists()


def test_features_of_that_extractor_are_counted(films, covid):
    cache(films[:150])
    cache(films, extractor="resnet-50", preprocessing="another")
    found = preflight(covid, "covid-xr-c", "vgg16-block5")
    assert (found.cached, found.missing) == (150, 50)
    assert preflight(covid, "covid-xr-c", "resnet-50").cached == 0


def test_missing_features_take_time_and_room(films, covid):
    without = preflight(covid, "covid-xr-c")
    cache(films)
    with_all = preflight(covid, "covid-xr-c")
    assert without.seconds - with_all.seconds == pytest.approx(200 * module.SECONDS_A_FEATURE)
    assert without.room.needed - with_all.room.needed == 200 * 25088 * 2


def test_a_whole_network_reads_films(films, covid):
    found = preflight(covid, "alexnet-grey")
    assert (found.extractor, found.cached, found.missing) == ("alexnet-grey", 0, 0)
    assert found.room.needed > 200 * 227 * 227 * 2 + 56_844_992 * 4
    assert not found.is_measured


def test_numbers_of_whole_networks_are_those_of_their_code():
    from inference.ml.backbones import build_backbone

    wanted = room_needed.PARAMETERS | {"vgg16-fine-tuned": room_needed.PARAMETERS_OF_OTHERS}
    for code, number in wanted.items():
        assert sum(each.numel() for each in build_backbone(code).parameters()) == number, code


def test_problems_of_the_list_are_reasons(covid, site):
    confirmed_cases(3, site=site)
    found = preflight(covid, "logistic")
    assert not found.may_start
    assert len(found.reasons) == len(found.plan.problems) > 0


def test_an_open_run_is_a_reason(films, covid):
    run = TrainingRun.objects.create(target=covid, architecture="logistic")
    found = preflight(covid, "logistic")
    assert (found.open_run, found.may_start, len(found.reasons)) == (run, False, 1)
    TrainingRun.objects.update(status=JobStatus.CANCELLED)
    assert preflight(covid, "logistic").may_start


def test_a_full_disk_is_a_reason(films, covid, monkeypatch, settings):
    needed = preflight(covid, "logistic").room.needed
    disk(monkeypatch, needed + settings.DISK_RESERVE_BYTES)
    assert preflight(covid, "logistic").may_start
    disk(monkeypatch, needed + settings.DISK_RESERVE_BYTES - 1)
    found = preflight(covid, "logistic")
    assert not found.may_start
    assert found.room.free == needed - 1


def fetch_asked(found) -> list[str]:
    return [each.rpartition(" ")[2] for each in found.warnings if "fetch_weights" in each]


def test_weights_that_are_not_here_are_told(films, covid, weights):
    found = preflight(covid, "logistic", "resnet-50")
    assert fetch_asked(found) == ["resnet-50"]
    assert found.may_start  # a worker elsewhere may have them
    (weights.parent / "resnet-50.safetensors").touch()
    assert fetch_asked(preflight(covid, "logistic", "resnet-50")) == []


def test_without_weights_cached_features_are_enough(films, covid, weights):
    weights.unlink()
    assert fetch_asked(preflight(covid, "logistic")) == ["vgg16-block5"]
    assert fetch_asked(preflight(covid, "vgg16-fine-tuned")) == ["vgg16-block5"]
    assert fetch_asked(preflight(covid, "alexnet-grey")) == []
    cache(films)
    assert fetch_asked(preflight(covid, "logistic")) == []


def test_an_administrators_own_file_will_do(films, covid, weights, settings):
    settings.VGG16_WEIGHTS = str(weights.rename(weights.with_name("own.safetensors")))
    assert fetch_asked(preflight(covid, "logistic")) == []


def test_a_folder_that_is_not_made_yet_is_measured_above(tmp_path):
    assert room_needed._free(tmp_path / "not" / "yet") > 0


def test_runs_of_this_server_tell_the_time(films, covid):
    snapshot = take_snapshot(target=covid)
    for seconds, features in ((100.0, 80.0), (30.0, 0.0), (300.0, 0.0)):
        TrainingRun.objects.create(
            target=covid, architecture="logistic", extractor="vgg16-block5", snapshot=snapshot,
            status=JobStatus.DONE, seconds=seconds, timings={"features": features},
            finished_at=timezone.now(),
        )  # fmt: skip
    cache(films)
    found = preflight(covid, "logistic", "vgg16-block5")
    assert found.is_measured
    assert found.seconds == pytest.approx(30)
    assert not preflight(covid, "covid-xr-c", "vgg16-block5").is_measured


def test_looks_into_the_vault_are_told(films, covid):
    vault.open_vault(snapshot=take_snapshot(target=covid), purpose="evaluation", about="x")
    assert preflight(covid, "logistic").looks == 1


def test_unknown_names(films, covid):
    with pytest.raises(BadRecipe):
        preflight(covid, "transformer")
    with pytest.raises(KeyError):
        preflight(covid, "logistic", "transformer")
