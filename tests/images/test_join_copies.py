"""Joining near-duplicates: the service, its task and its command."""

import io

import pytest
from django.core.management import call_command

from images.models import CopyLink, Likeness, Patient, PictureSketch, Radiograph
from images.services import copies, delete_for_good, restore, trash
from images.services.copies import (
    Copy,
    join_copies,
    join_found,
    join_rest,
    join_some,
    waiting,
)
from images.services.splits import split_group
from images.signals import pixels_replaced
from tests.factories import make_radiograph
from tests.images.copying import group_of, join_all, make_film, settle


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


def test_several_at_once_are_joined_as_one_after_the_other(site):
    films = [
        make_film("P-1", site=site),
        make_film("P-2", site=site, crop=0.05),
        make_film("P-3", site=site, flipped=True),
        make_film("P-4", site=site, crop=0.03),
    ]
    assert join_some(films) == 3
    assert group_of(films[0]) == group_of(films[1]) == group_of(films[3]) is not None
    assert group_of(films[2]) is None


def test_several_find_what_was_compared_before(site):
    first = make_film("P-1", site=site)
    join_all()
    join_some([make_film("P-2", site=site, crop=0.05), make_film("P-3", site=site, flipped=True)])
    assert group_of(first) is not None


def test_each_link_names_the_older_first(site):
    newer, older = make_film("P-2", site=site, crop=0.05), make_film("P-1", site=site)
    settle(older)
    join_some([older, newer])
    link = CopyLink.objects.get()
    assert (link.first, link.second) == (older, newer)


@pytest.mark.django_db(transaction=True)
def test_one_that_is_deleted_meanwhile_takes_no_other_along(site, monkeypatch):
    films = [make_film("P-1", site=site), make_film("P-2", site=site, crop=0.05)]
    gone = make_film("P-3", site=site, flipped=True)
    keep = copies._keep

    def keep_what_is_gone(sketches):
        Radiograph.objects.filter(pk=gone.pk).delete()
        keep(sketches)

    monkeypatch.setattr(copies, "_keep", keep_what_is_gone)
    join_some([*films, gone])
    assert group_of(films[0]) == group_of(films[1]) is not None


def test_the_rest_is_joined_at_once(site):
    first, second = make_film("P-1", site=site), make_film("P-2", site=site, crop=0.05)
    assert join_rest() == 1
    assert group_of(first) == group_of(second) is not None
    assert not waiting().exists()


def test_a_film_that_cannot_be_kept_holds_up_nobody_for_ever(site, monkeypatch):
    make_film("P-1", site=site)
    monkeypatch.setattr(copies, "join_some", lambda _films: 0)
    assert join_rest() == 0
    assert waiting().exists()
