"""Orphans are removed and damage is named: all of it, and nothing else."""

import hashlib
import io
import json
import os
import time
import uuid
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.management import call_command

from images.models import (
    IncomingFile,
    QuarantinedSource,
    Radiograph,
    StorageFinding,
    SweepRound,
    UploadBatch,
)
from images.services import sweep
from images.services.upkeep import delete_for_good, trash
from images.spool import path_of
from images.storage import private_storage
from inference.models import DeployedModel, Explanation, Prediction
from tests import factories
from tests.images.conftest import files_below

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def hours_later(monkeypatch) -> None:
    """Files that the tests write are older than what the sweeper leaves alone."""
    monkeypatch.setattr("images.services.orphans.GRACE", -sweep.EVERY)


@pytest.fixture
def films(doctor) -> list[Radiograph]:
    return [factories.make_radiograph(uploader=doctor, seed=seed) for seed in range(6)]


def write(folder, name: str, content: bytes = b"x") -> Path:
    path = Path(folder) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def flip(path) -> None:
    content = bytearray(Path(path).read_bytes())
    content[len(content) // 2] ^= 1
    Path(path).write_bytes(content)


def findings() -> set[tuple]:
    return set(StorageFinding.objects.values_list("radiograph", "problem"))


# --- orphans ------------------------------------------------------------------------------------
@pytest.mark.parametrize("folder", ["MEDIA_ROOT", "INTAKE_DIR", "QUARANTINE_DIR", "EXPORTS_DIR"])
@pytest.mark.parametrize("name", ["ab/0123.png", "odd", "ab/.7f.part", "explanations/ab/x.png"])
def test_a_file_without_a_row_is_removed(films, settings, folder, name):
    orphan = write(getattr(settings, folder), name)
    swept = sweep.sweep_all()
    assert not orphan.exists()
    assert [each.name for each in swept.orphans] == [name]


def test_a_young_file_may_still_get_its_row(films, settings, monkeypatch):
    monkeypatch.undo()
    orphan = write(settings.MEDIA_ROOT, "ab/0123.png")
    sweep.sweep_all()
    assert orphan.exists()
    an_hour_ago = time.time() - 3700
    os.utime(orphan, (an_hour_ago, an_hour_ago))
    sweep.sweep_all()
    assert not orphan.exists()


def test_what_has_a_row_stays(films, settings, doctor):
    before = files_below(settings.MEDIA_ROOT)
    trash(radiograph=films[0], by=doctor)
    assert sweep.sweep_all().orphans == []
    assert files_below(settings.MEDIA_ROOT) == before


def test_a_file_that_is_arriving_stays(doctor, site):
    batch = UploadBatch.objects.create(site=site, owner=doctor, client_key=uuid.uuid4())
    row = IncomingFile.objects.create(
        batch=batch, position=0, size=9, name_key="n", sha256="0" * 64
    )
    spool = path_of(batch.pk, row.pk)
    write(spool.parent, spool.name)
    assert sweep.sweep_all().orphans == []
    assert spool.exists()


def test_a_source_that_is_kept_stays(films, settings):
    key = uuid.uuid4().hex
    kept = write(settings.QUARANTINE_DIR, key)
    QuarantinedSource.objects.create(
        radiograph=films[0], key=key, size=1, sha256="0" * 64, expires_at="2999-01-01T00:00Z"
    )
    sweep.sweep_all()
    assert kept.exists()


def test_heat_maps_have_owners_too(films):
    name = private_storage().save("explanations/ab/map.png", ContentFile(b"map"))
    target = factories.Target.objects.get(code="covid-19")
    model = DeployedModel.objects.create(target=target, version="1", threshold=0.5)
    made = Prediction.objects.filter(radiograph=films[0], target=target).first()
    made = made or Prediction.objects.create(radiograph=films[0], target=target, model=model)
    Explanation.objects.create(prediction=made, overlay=name, method="occlusion")
    assert sweep.sweep_all().orphans == []


# --- damage -------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("field", "harm", "problem"),
    [
        ("file", flip, "wrong-file"),
        ("thumbnail", flip, "wrong-thumbnail"),
        ("file", os.unlink, "missing-file"),
        ("thumbnail", os.unlink, "missing-thumbnail"),
    ],
)
def test_damage_is_named_by_the_key(films, field, harm, problem):
    harm(getattr(films[2], field).path)
    sweep.sweep_all()
    assert findings() == {(films[2].pk, problem)}


def test_a_file_that_was_brought_back_is_no_longer_named(films):
    path = Path(films[2].file.path)
    whole = path.read_bytes()
    flip(path)
    sweep.sweep_all()
    path.write_bytes(whole)
    sweep.sweep_all()
    assert findings() == set()


def test_the_same_damage_is_named_once(films):
    flip(films[0].file.path)
    sweep.sweep_all()
    sweep.sweep_all()
    assert StorageFinding.objects.count() == 1


def test_findings_go_with_the_radiograph(films, doctor):
    flip(films[0].file.path)
    sweep.sweep_all()
    trash(radiograph=films[0], by=doctor)
    delete_for_good(radiograph=films[0])
    assert findings() == set()


def test_thumbnails_from_before_their_hash_was_kept_are_not_blamed(films):
    Radiograph.objects.update(thumbnail_sha256="")
    sweep.sweep_all()
    assert findings() == set()


# --- slices -------------------------------------------------------------------------------------
def test_a_slice_goes_on_where_the_last_one_stopped(films, settings, monkeypatch):
    monkeypatch.setattr(sweep, "AT_ONCE", 2)
    flip(films[0].file.path)
    flip(films[5].file.path)
    slices = 1
    while not sweep.sweep_slice(0).is_over:
        slices += 1
    assert {key for key, _problem in findings()} == {films[0].pk, films[5].pk}
    assert slices >= 3 + 1  # three of radiographs, and more for the folders
    assert SweepRound.objects.get().looked_at == 6


def test_a_round_begins_once_a_day(films):
    assert sweep.sweep_slice(60).is_over
    sweep.sweep_slice(60)
    assert SweepRound.objects.count() == 1
    SweepRound.objects.update(created_at="2026-01-01T00:00Z")
    sweep.sweep_slice(60)
    assert SweepRound.objects.filter(finished_at=None).count() == 0
    assert SweepRound.objects.count() == 1  # the old one is forgotten


# --- the command --------------------------------------------------------------------------------
def command(*options: str) -> dict:
    out = io.StringIO()
    call_command("sweep", "--json", *options, stdout=out)
    return json.loads(out.getvalue())


def test_a_dry_run_changes_nothing(films, settings):
    orphan = write(settings.MEDIA_ROOT, "ab/0123.png")
    flip(films[1].file.path)
    told = command("--dry-run")
    assert told["findings"] == [{"radiograph": str(films[1].pk), "problem": "wrong-file"}]
    assert told["orphans"] == [{"place": "radiographs", "name": "ab/0123.png"}]
    assert orphan.exists()
    assert findings() == set()
    assert not SweepRound.objects.exists()


def test_words_for_people(films, settings, capsys):
    write(settings.MEDIA_ROOT, "ab/0123.png")
    call_command("sweep")
    assert capsys.readouterr().out.splitlines() == [
        "radiographs/ab/0123.png: without a row", "6 radiographs looked at, 1 problems",
    ]  # fmt: skip


# --- a thousand ---------------------------------------------------------------------------------
@pytest.mark.slow
def test_of_a_thousand_all_damage_is_named_and_nothing_else(doctor, site, settings):
    """20 flipped, 10 deleted, 10 orphans, 5 swapped with another: 45 of 45, no false alarm."""
    made = [many(doctor, site, number) for number in range(1000)]
    for film in made[:20]:
        flip(film.file.path)
    for film in made[20:30]:
        Path(film.file.path).unlink()
    for one, other in zip(made[30:35], made[35:40], strict=True):
        Path(one.file.path).write_bytes(Path(other.file.path).read_bytes())
    names = [f"{number:02x}/{uuid.uuid4().hex}.png" for number in range(10)]
    for name in names:
        write(settings.MEDIA_ROOT, name)
    told = command("--dry-run")
    wrong = {str(film.pk) for film in made[:20] + made[30:35]}
    missing = {str(film.pk) for film in made[20:30]}
    by_problem = {(each["problem"], each["radiograph"]) for each in told["findings"]}
    assert by_problem == {("wrong-file", key) for key in wrong} | {
        ("missing-file", key) for key in missing
    }
    assert sorted(each["name"] for each in told["orphans"]) == sorted(names)
    assert told["looked_at"] == 1000


def many(doctor, site, number) -> Radiograph:
    """A row with two small files, without the cost of a picture."""
    film = Radiograph(
        patient=factories.Patient.objects.get_or_create(site=site, code="P-1")[0], site=site,
        uploader=doctor, pixel_sha256=f"{number:064x}", width=1, height=1, display_low=0,
        display_high=255, source_format="png",
    )  # fmt: skip
    for field, ending in (("file", "png"), ("thumbnail", "jpg")):
        content = f"{field} {number}".encode() * 20
        getattr(film, field).save(f"a.{ending}", ContentFile(content), save=False)
        setattr(film, f"{field}_sha256", hashlib.sha256(content).hexdigest())
    film.save()
    return film
