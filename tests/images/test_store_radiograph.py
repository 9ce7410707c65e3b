"""The one way into the clinical record."""

import io

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, OperationalError, transaction

from images.errors import Refused, StorageFull
from images.models import Patient, Radiograph
from images.services import patient_of, store, store_radiograph
from images.signals import images_ready
from tests import factories
from tests.images.conftest import files_below
from tests.images.malformed import dicom


@pytest.fixture
def store_film(doctor):
    def call(content: bytes | None = None, *, sex: str = "", **facts):
        return store_radiograph(
            stream=io.BytesIO(factories.chest_png(1) if content is None else content),
            patient=patient_of(site=doctor.site, code="P-1", sex=sex),
            uploader=doctor,
            **facts,
        )

    return call


@pytest.fixture
def listener():
    """Connect a listener to `images_ready` for the time of a test."""
    connected = []

    def connect(receiver) -> None:
        images_ready.connect(receiver)
        connected.append(receiver)

    yield connect
    for receiver in connected:
        images_ready.disconnect(receiver)


def test_announces_the_row_inside_its_transaction(store_film, listener):
    heard = []

    def listen(sender, radiographs, **kwargs):
        heard.extend(Radiograph.objects.filter(pk=row.pk).exists() for row in radiographs)

    listener(listen)
    store_film()
    assert heard == [True]


def test_a_duplicate_is_not_announced(store_film, listener):
    store_film()
    heard = []

    def listen(sender, **kwargs):
        heard.append(sender)

    listener(listen)
    assert not store_film().created
    assert heard == []


def test_what_listeners_fail_at_is_not_stored(store_film, listener, settings):
    def fail(sender, **kwargs):
        raise DatabaseError("the prediction could not be queued")

    listener(fail)
    with pytest.raises(DatabaseError):
        store_film()
    assert not Radiograph.objects.exists()
    assert not Patient.objects.exists()
    assert files_below(settings.MEDIA_ROOT) == []


@pytest.mark.django_db(transaction=True)
def test_trouble_after_the_commit_takes_no_file_away(store_film, listener):
    def fail():
        raise ValueError("what follows the commit failed")

    listener(lambda sender, **kwargs: transaction.on_commit(fail))
    with pytest.raises(ValueError, match="follows the commit"):
        store_film()
    kept = Radiograph.objects.get()
    assert kept.file.size + kept.thumbnail.size == kept.stored_bytes


def test_who_comes_second_gets_the_row_of_the_first(store_film, monkeypatch, settings):
    """Both looked before either had stored: the constraint of the database decides."""
    first = store_film().radiograph
    before = files_below(settings.MEDIA_ROOT)
    look, answers = store.same_pixels, iter([None])
    monkeypatch.setattr(store, "same_pixels", lambda *args: next(answers, look(*args)))
    second = store_film()
    assert (second.radiograph, second.created) == (first, False)
    assert files_below(settings.MEDIA_ROOT) == before


@pytest.mark.parametrize(
    "cause",
    [
        type("Sqlite", (Exception,), {"sqlite_errorname": "SQLITE_FULL"})(),
        type("Postgres", (Exception,), {"pgcode": "53100"})(),
    ],
)
def test_a_database_without_room_is_a_full_storage(store_film, listener, settings, cause):
    def fail(sender, **kwargs):
        raise OperationalError("no room") from cause

    listener(fail)
    with pytest.raises(StorageFull):
        store_film()
    assert files_below(settings.MEDIA_ROOT) == []


def test_patients_of_other_institutions_are_closed(doctor, other_site, settings):
    with pytest.raises(PermissionDenied):
        store_radiograph(
            stream=io.BytesIO(factories.chest_png(1)),
            patient=patient_of(site=other_site, code="P-1"),
            uploader=doctor,
        )
    assert not Patient.objects.exists()


def test_an_unknown_sex_is_filled_in_later(store_film):
    store_film()
    store_film(factories.chest_png(2), sex="F")
    assert Patient.objects.get().sex == "F"


def test_a_known_sex_is_not_forgotten(store_film):
    store_film(sex="F")
    store_film(factories.chest_png(2))
    assert Patient.objects.get().sex == "F"


def test_the_same_code_elsewhere_is_another_patient(store_film, stranger):
    store_film()
    factories.make_radiograph(uploader=stranger, seed=1, patient_code="P-1")
    assert Patient.objects.count() == 2


class TestOfADicomFile:
    @pytest.fixture
    def content(self) -> bytes:
        return dicom(ViewPosition="PA", PatientSex="F", PatientAge="093Y")

    def test_what_it_says_fills_the_gaps(self, store_film, content):
        film = store_film(content).radiograph
        assert (film.view, film.age_years, film.patient.sex) == ("PA", 90, "F")
        assert film.source_format == "dicom"

    def test_what_a_person_says_comes_first(self, store_film, content):
        film = store_film(content, view="AP", age_years=50, sex="M").radiograph
        assert (film.view, film.age_years, film.patient.sex) == ("AP", 50, "M")

    def test_nothing_else_of_its_header_is_kept(self, store_film, content, settings):
        film = store_film(content).radiograph
        kept = repr(Radiograph.objects.filter(pk=film.pk).values().get()).encode()
        kept += (settings.MEDIA_ROOT / film.file.name).read_bytes()
        kept += (settings.MEDIA_ROOT / film.thumbnail.name).read_bytes()
        assert b"ROE" in content
        assert not [secret for secret in (b"ROE", b"SECRET", b"1931") if secret in kept]


@pytest.mark.parametrize("code", ["", " ", "María", "a b", "-1", "../x", "P\n1", "P" * 101, "=1+1"])
def test_bad_patient_codes(site, code):
    with pytest.raises(Refused, match="bad-patient-code"):
        patient_of(site=site, code=code)


@pytest.mark.parametrize("code", ["1", "P-0001", "cohen-77", "a.b_c/d", "P" * 100, " P-1 "])
def test_good_patient_codes(site, code):
    assert patient_of(site=site, code=code).code == code.strip()
