"""Counters of used room equal the sum always, and limits hold."""

import io

import pytest
from django.core.management import call_command
from django.db.models import F, Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from images.errors import Refused
from images.models import Radiograph, StorageUse
from images.quotas import MEGABYTE, Room, count_changed, room_for, room_of_person, room_of_site
from images.services import patient_of, store_radiograph
from images.services.upkeep import delete_for_good, restore, trash
from tests import factories
from tests.images.conftest import files_below, upload_of

pytestmark = pytest.mark.django_db


def sums() -> dict:
    rows = (
        Radiograph.objects.order_by().values("site", "uploader").annotate(size=Sum("stored_bytes"))
    )
    return {(row["site"], row["uploader"]): row["size"] for row in rows}


def counters() -> dict:
    used = StorageUse.objects.filter(radiographs__gt=0)
    return {(use.site_id, use.person_id): use.stored_bytes for use in used}


def count_of(person) -> int:
    return sum(StorageUse.objects.filter(person=person).values_list("radiographs", flat=True))


def store(uploader, seed):
    return store_radiograph(
        stream=io.BytesIO(factories.chest_png(seed)), uploader=uploader,
        patient=patient_of(site=uploader.site, code="P-1"),
    ).radiograph  # fmt: skip


def limit(site, **megabytes) -> None:
    for name, value in megabytes.items():
        setattr(site, name, value)
    site.save()


# --- counting -----------------------------------------------------------------------------------
def test_both_files_of_a_radiograph_count(film, doctor):
    size = film.file.size + film.thumbnail.size
    assert film.stored_bytes == size
    assert counters() == {(film.site_id, doctor.pk): size}


def test_the_same_pixels_again_count_once(film, doctor):
    store(doctor, 1)
    assert count_of(doctor) == 1


def test_the_trash_counts(film, doctor):
    trash(radiograph=film, by=doctor)
    assert counters() == sums() != {}


def test_what_is_deleted_for_good_does_not_count(film, doctor):
    trash(radiograph=film, by=doctor)
    delete_for_good(radiograph=film)
    assert (counters(), count_of(doctor)) == ({}, 0)


def test_what_is_deleted_twice_is_taken_off_once(film, doctor, own_film):
    trash(radiograph=film, by=doctor)
    delete_for_good(radiograph=film)
    delete_for_good(radiograph=film)
    assert counters() == sums()


STEPS = st.lists(
    st.tuples(st.sampled_from(["store", "trash", "restore", "delete", "cover"]), st.integers(0, 5)),
    max_size=12,
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS)
def test_counters_equal_the_sum_always(steps, doctor, health_worker):
    people = [doctor, health_worker]
    for verb, seed in steps:
        kept = list(Radiograph.objects.order_by("pixel_sha256"))
        one = kept[seed % len(kept)] if kept else None
        if verb == "store":
            store(people[seed % 2], seed)
        elif one and verb == "trash":
            trash(radiograph=one, by=doctor)
        elif one and verb == "restore":
            restore(radiograph=one)
        elif one and verb == "delete":
            delete_for_good(radiograph=one)
        elif one:
            before, one.stored_bytes = one.stored_bytes, one.stored_bytes + seed - 2
            one.save()
            count_changed(one, before)
        assert counters() == sums()


# --- limits -------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("used", "allowed", "more", "fits"),
    [(0, None, 10**18, True), (5, 10, 5, True), (5, 10, 6, False), (0, 0, 1, False)],
)
def test_room_takes_what_fits(used, allowed, more, fits):
    assert Room(used, allowed).takes(more) is fits


@pytest.mark.parametrize(
    ("name", "code"),
    [("quota_megabytes", "quota-site"), ("person_quota_megabytes", "quota-person")],
)
def test_over_a_limit_nothing_is_stored(doctor, site, settings, name, code):
    limit(site, **{name: 0})
    with pytest.raises(Refused, match=code):
        store(doctor, 1)
    assert not Radiograph.objects.exists()
    assert counters() == {}
    assert files_below(settings.MEDIA_ROOT) == []


def test_one_person_cannot_use_up_the_room_of_another(doctor, health_worker, site):
    limit(site, person_quota_megabytes=1)
    StorageUse.objects.create(site=site, person=doctor, stored_bytes=MEGABYTE, radiographs=1)
    with pytest.raises(Refused, match="quota-person"):
        store(doctor, 1)
    assert store(health_worker, 1).pk


def test_the_room_of_a_site_is_that_of_all_its_people(doctor, health_worker, site):
    limit(site, quota_megabytes=1)
    StorageUse.objects.create(site=site, person=doctor, stored_bytes=MEGABYTE, radiographs=1)
    with pytest.raises(Refused, match="quota-site"):
        store(health_worker, 1)


def test_what_is_here_already_needs_no_room(film, doctor, site):
    limit(site, quota_megabytes=0)
    assert store(doctor, 1) == film


def test_room_is_there_again_after_deleting(film, doctor, site):
    limit(site, quota_megabytes=1)
    StorageUse.objects.update(stored_bytes=F("stored_bytes") + MEGABYTE)
    with pytest.raises(Refused):
        room_for(site, doctor, 0)
    StorageUse.objects.update(stored_bytes=F("stored_bytes") - MEGABYTE)
    room_for(site, doctor, 1000)


def test_the_page_says_why(actor, site):
    limit(site, person_quota_megabytes=0)
    answer = actor("doctor").post("/images/upload/", upload_of())
    assert answer.status_code == 507
    assert str(Refused("quota-person").sentence) in answer.context["form"].non_field_errors()


def test_the_api_says_why(actor, site):
    limit(site, quota_megabytes=0)
    answer = actor("doctor").post("/api/v1/images/", upload_of())
    assert (answer.status_code, answer.json()["code"]) == (507, "quota-site")


# --- shown --------------------------------------------------------------------------------------
@pytest.mark.parametrize("address", ["/people/me/", "/images/upload/"])
def test_people_see_how_much_is_left(actor, site, film, address):
    limit(site, person_quota_megabytes=1)
    page = actor("doctor").get(address).content.decode()
    assert page.count("<meter") == 1


def test_without_limits_nothing_is_shown(actor, site):
    assert "<meter" not in actor("doctor").get("/images/upload/").content.decode()


def test_administrators_see_what_a_site_uses(actor, site, film):
    page = actor("site_administrator").get(f"/people/sites/{site.pk}/").content.decode()
    assert 'id="room-site"' in page


# --- counted anew -------------------------------------------------------------------------------
def test_recount_measures_and_corrects(film, doctor, capsys):
    size = film.stored_bytes
    Radiograph.objects.update(stored_bytes=0)
    StorageUse.objects.update(stored_bytes=7, radiographs=9)
    call_command("recount_storage")
    assert counters() == sums() == {(film.site_id, doctor.pk): size}
    assert capsys.readouterr().out == "1 radiographs measured, 1 counters corrected\n"


def test_recount_makes_and_empties_counters(film, doctor, stranger):
    StorageUse.objects.all().delete()
    StorageUse.objects.create(site=stranger.site, person=stranger, stored_bytes=5, radiographs=1)
    call_command("recount_storage")
    assert (counters(), count_of(stranger)) == (sums(), 0)
    assert room_of_person(stranger.site, stranger).used == 0
    assert room_of_site(film.site).used == film.stored_bytes
