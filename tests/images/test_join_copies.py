"""Joining near-duplicates: the service, its task and its command."""

import io

import pytest
from django.core.management import call_command

from config.celery import app
from core.tasks import QUEUES
from images.models import CopyLink, Likeness, Patient, PictureSketch, Radiograph
from images.services import delete_for_good, restore, trash
from images.services.copies import Copy, join_copies, join_found, waiting
from images.services.splits import split_group
from images.signals import pixels_replaced
from images.tasks import copies as task
from tests.factories import make_radiograph
from tests.images.copying import group_of, join_all, make_film


def test_a_crop_joins_the_group_of_its_original(site):
    first, second = make_film("P-1", site=site), make_film("P-2", site=site, crop=0.05)
    join_all()
    assert group_of(first) == group_of(second) is not None


def test_another_picture_stays_alone(site):
    first, other = make_film("P-1", site=site), make_film("P-1", site=site, flipped=True)
    join_all()
    assert group_of(first) is None
    assert group_of(other) is None


def test_copies_of_two_institutions_are_joined(site, other_site):
    first, second = make_film(site=site), make_film(site=other_site, crop=0.05)
    join_all()
    assert group_of(first) == group_of(second) is not None


def test_the_link_says_why(site):
    first, second = make_film("P-1", site=site), make_film("P-2", site=site, crop=0.05)
    join_all()
    link = CopyLink.objects.get()
    assert (link.first, link.second, link.kind) == (first, second, Likeness.PERCEPTUAL)
    assert 0 <= link.distance < 0.04


def test_a_third_copy_keeps_the_group(site):
    first = make_film("P-1", site=site)
    make_film("P-2", site=site, crop=0.05)
    join_all()
    group = group_of(first)
    third = make_film("P-3", site=site, crop=0.03)
    join_all()
    assert group_of(third) == group_of(first) == group


def grouped(site, *codes: str) -> list[Radiograph]:
    """Radiographs joined by hand, in a group of their own."""
    rows = [make_radiograph(site=site, seed=ord(code), patient_code=code) for code in codes]
    copies = [Copy(row.pk, 0.0) for row in rows[1:]]
    join_found(radiograph=rows[0].pk, copies=copies, kind=Likeness.FEATURES)
    return rows


def test_of_two_groups_that_meet_the_older_keeps_its_name(site):
    older, younger = grouped(site, "A", "B"), grouped(site, "C", "D")
    name = group_of(older[0])
    found = [Copy(older[1].pk, 0.01)]
    join_found(radiograph=younger[0].pk, copies=found, kind=Likeness.FEATURES)
    assert {group_of(row) for row in older + younger} == {name}


def test_the_same_pair_twice_is_one_link(site):
    one, other = grouped(site, "A", "B")
    join_found(radiograph=other.pk, copies=[Copy(one.pk, 0.5)], kind=Likeness.FEATURES)
    assert CopyLink.objects.get().distance == 0.5


def test_a_copy_that_is_gone_joins_nothing(site):
    one = make_radiograph(site=site)
    gone = Copy(Patient.objects.get().pk, 0.0)
    join_found(radiograph=one.pk, copies=[gone], kind=Likeness.FEATURES)
    assert group_of(one) is None


def test_a_bridge_that_is_deleted_leaves_its_banks_joined(site, doctor):
    first, bridge, last = grouped(site, "A", "B", "C")
    before = split_group(last)
    trash(radiograph=first, by=doctor)
    delete_for_good(radiograph=first)
    assert group_of(bridge) == group_of(last) is not None
    assert split_group(Radiograph.objects.get(pk=last.pk)) == before


def test_the_trash_is_compared_too(site, doctor):
    first, second = make_film("P-1", site=site), make_film("P-2", site=site, crop=0.05)
    trash(radiograph=first, by=doctor)
    join_all()
    restore(radiograph=first)
    assert group_of(first) == group_of(second) is not None


def test_each_radiograph_is_compared_once(site):
    film = make_film(site=site)
    join_copies(radiograph=film)
    assert not waiting().exists()
    assert join_copies(radiograph=film) == 0


def test_drawn_pictures_are_compared_with_nothing(site):
    make_film("P-1", site=site, is_synthetic=True)
    film = make_film("P-2", site=site, crop=0.05)
    join_all()
    assert group_of(film) is None


def test_a_radiograph_deleted_meanwhile_is_passed_over(site):
    film = make_film(site=site)
    stale = Radiograph.objects.get(pk=film.pk)
    film.delete()
    assert join_copies(radiograph=stale) == 0
    assert not PictureSketch.objects.exists()


def test_a_missing_thumbnail_is_compared_with_nothing(site, caplog):
    film = make_film(site=site)
    film.thumbnail.storage.delete(film.thumbnail.name)
    join_all()
    assert PictureSketch.objects.get().band0 is None
    assert "picture not compared" in caplog.text


def test_a_covered_picture_is_compared_anew_and_stays_in_its_group(site):
    first, second = make_film("P-1", site=site), make_film("P-2", site=site, crop=0.05)
    join_all()
    pixels_replaced.send(sender=Radiograph, radiograph=second, pixels=None, before="0" * 64)
    assert list(waiting()) == [second]
    assert not CopyLink.objects.exists()
    assert group_of(second) == group_of(first)
    join_all()
    assert CopyLink.objects.count() == 1


def test_patients_of_copies_share_the_split_of_the_older(site):
    first, second = make_film("P-1", site=site), make_film("P-2", site=site, crop=0.05)
    key = first.patient.split_key
    join_all()
    assert set(Patient.objects.values_list("split_key", flat=True)) == {key}
    assert second.patient.split_key.hex in Patient.objects.get(code="P-1").former_split_keys


@pytest.mark.parametrize("crops", [(0.0, 0.05)])
def test_the_command_compares_what_is_left(site, crops):
    for crop in crops:
        make_film(f"P-{crop}", site=site, crop=crop)
    out = io.StringIO()
    call_command("join_copies", stdout=out)
    assert "compared 2, copies found 1" in out.getvalue()


def test_the_task_compares_what_waits(site):
    make_film(site=site)
    task.join_waiting()
    assert not waiting().exists()


def test_the_task_rings_for_the_rest_when_its_slice_is_over(site, monkeypatch):
    rung = []
    monkeypatch.setattr(task, "SLICE_SECONDS", -1.0)
    monkeypatch.setattr(task, "AT_ONCE", 1)
    monkeypatch.setattr(task, "ring", rung.append)
    make_film("P-1", site=site)
    make_film("P-2", site=site, flipped=True)
    task.join_waiting()
    assert rung == [task.join_waiting]
    assert waiting().count() == 1


def test_storing_rings_the_bell(site, monkeypatch, django_capture_on_commit_callbacks):
    rung = []
    monkeypatch.setattr("images.services.copies.ring", rung.append)
    with django_capture_on_commit_callbacks(execute=True):
        make_film(site=site)
    assert task.join_waiting in rung


def test_beat_rings_every_minute_on_the_queue_of_light_work():
    entry = app.conf.beat_schedule["join-copies"]
    assert (entry["task"], entry["schedule"]) == (task.join_waiting.name, 60.0)
    assert QUEUES[task.join_waiting.name] == "default"
