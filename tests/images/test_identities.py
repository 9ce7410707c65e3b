"""Identifiers of a DICOM header become pseudonyms; equal ones stay equal, and nobody turns back."""

import io
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from accounts.models import Site
from images.decoding import Identity
from images.models import Patient, PatientIdentity, Radiograph
from images.services import Changes, delete_for_good, edit, patient_of, store_radiograph, trash
from images.services.identities import patient_for, remapped_uid, reveal
from images.shifting import MOST_DAYS, days_moved, shifted_day
from tests.images.malformed import dicom, shades

FIRST = {"PatientID": "4711-A", "StudyInstanceUID": "1.2.3.4", "SeriesInstanceUID": "1.2.3.5"}


def taken(top: int = 4095, *, uploader, header_decides=True, given: dict | None = None, **elements):
    """The radiograph that a DICOM file of this header becomes."""
    data = dicom(shades(top=top, dtype="uint16"), **{**FIRST, **elements})
    code = f"new-{top:08d}"
    stored = store_radiograph(
        stream=io.BytesIO(data), patient=patient_of(site=uploader.site, code=code),
        uploader=uploader, header_decides=header_decides, **(given or {}),
    )  # fmt: skip
    assert stored.created
    return Radiograph.objects.get(pk=stored.radiograph.pk)


def test_the_header_names_the_patient(doctor) -> None:
    film = taken(uploader=doctor)
    assert film.patient.code.startswith("D-")
    assert len(film.patient.code) == 12
    assert film.patient.identities.count() == 1


def test_one_identifier_is_one_patient(doctor) -> None:
    assert taken(4095, uploader=doctor).patient == taken(4000, uploader=doctor).patient


@pytest.mark.parametrize("other", ["4711-a", " 4711-A "])
def test_case_and_blanks_make_no_other_patient(doctor, other) -> None:
    assert (
        taken(4095, uploader=doctor).patient
        == taken(4000, uploader=doctor, PatientID=other).patient
    )


@pytest.mark.parametrize("other", [{"PatientID": "4712"}, {"IssuerOfPatientID": "WARD"}])
def test_another_identifier_or_issuer_is_another_patient(doctor, other) -> None:
    assert taken(4095, uploader=doctor).patient != taken(4000, uploader=doctor, **other).patient


@pytest.mark.parametrize("nobody", ["", "0", "0000", "ANONYMOUS", "Anonimo", "N/A", "unknown"])
def test_a_placeholder_names_nobody(doctor, nobody) -> None:
    film = taken(uploader=doctor, PatientID=nobody)
    assert (film.patient.code, PatientIdentity.objects.count()) == ("new-00004095", 0)


def test_a_person_who_names_the_patient_is_believed(doctor) -> None:
    film = taken(uploader=doctor, header_decides=False)
    assert (film.patient.code, PatientIdentity.objects.count()) == ("new-00004095", 0)
    assert "00100020" in film.deidentification["removed"]


def test_two_institutions_share_no_code_and_no_uid(doctor, stranger) -> None:
    here, there = taken(uploader=doctor), taken(uploader=stranger)
    assert here.patient.code != there.patient.code
    assert here.study_uid != there.study_uid


def test_another_key_gives_another_code(doctor, settings) -> None:
    before = taken(4095, uploader=doctor).patient.code
    settings.IDENTITY_KEY = "another key"
    assert taken(4000, uploader=doctor).patient.code != before


def test_a_taken_code_is_made_longer(doctor) -> None:
    identity = Identity(patient_id="4711-A")
    first = patient_for(doctor.site, identity)
    row = first.identities.get()
    row.lookup = "0" * 64
    row.save()
    assert patient_for(doctor.site, identity).code.startswith(f"{first.code}")
    assert patient_for(doctor.site, identity) != first


def test_a_merged_patient_keeps_receiving_its_files(doctor) -> None:
    film = taken(4095, uploader=doctor)
    kept = Patient.objects.create(site=doctor.site, code="P-1")
    film.patient.identities.update(patient=kept)
    assert taken(4000, uploader=doctor).patient == kept


def test_an_identity_that_names_nobody_has_no_patient(site) -> None:
    with pytest.raises(ValueError, match="no patient"):
        patient_for(site, Identity())


def test_the_last_radiograph_takes_the_identity_with_it(doctor) -> None:
    film = taken(uploader=doctor)
    trash(radiograph=film, by=doctor)
    assert delete_for_good(radiograph=film)
    assert not PatientIdentity.objects.exists()


def test_uids_are_mapped_alike(doctor) -> None:
    first, second = taken(4095, uploader=doctor), taken(4000, uploader=doctor)
    assert first.study_uid == second.study_uid == remapped_uid(doctor.site, "1.2.3.4")
    assert first.instance_uid != first.series_uid != first.study_uid


def test_no_uid_stays_no_uid(site) -> None:
    assert remapped_uid(site, "") == ""


@hypothesis(deadline=None)
@given(st.text(min_size=1, max_size=64))
def test_a_mapped_uid_is_a_uid(uid: str) -> None:
    mapped = remapped_uid(Site(), uid)
    assert mapped.startswith("2.25.")
    assert len(mapped) <= 44
    assert 0 <= int(mapped.removeprefix("2.25.")) < 2**128


@hypothesis(deadline=None)
@given(st.dates(date(1895, 11, 8), date(2100, 1, 1)), st.integers(0, 20_000))
def test_days_between_two_films_of_a_patient_stay(day: date, later: int) -> None:
    patient = Patient(site=Site())
    moved = [shifted_day(patient, each) for each in (day, day + timedelta(days=later))]
    assert (moved[1] - moved[0]).days == later
    assert 1 <= (day - moved[0]).days <= MOST_DAYS


def test_patients_are_moved_by_different_numbers_of_days() -> None:
    site = Site()
    assert len({days_moved(Patient(site=site)) for _ in range(200)}) > 120


def test_the_day_of_the_header_is_stored_moved(doctor) -> None:
    film = taken(uploader=doctor)
    assert film.date_is_shifted
    assert film.acquired_on == date(2020, 4, 1) - timedelta(days=days_moved(film.patient))
    assert film.deidentification["shifted"] == ["00080020"]


def test_the_day_that_a_person_gave_is_kept(doctor) -> None:
    film = taken(uploader=doctor, given={"acquired_on": date(2020, 5, 1)})
    assert (film.acquired_on, film.date_is_shifted) == (date(2020, 5, 1), False)
    assert "00080020" in film.deidentification["removed"]


@pytest.mark.parametrize("day", ["29990101", "18000101", "2020", "", "20201301"])
def test_an_impossible_day_is_not_stored(doctor, day) -> None:
    film = taken(uploader=doctor, StudyDate=day)
    assert (film.acquired_on, film.date_is_shifted) == (None, False)


def test_the_age_is_kept_where_the_dates_are_not(doctor) -> None:
    film = taken(uploader=doctor, PatientBirthDate="19600615", StudyDate="20200614")
    assert film.age_years == 59


def test_hash_and_room_of_the_file_are_stored(doctor) -> None:
    film = taken(uploader=doctor)
    assert len(film.source_sha256) == 64
    assert film.stored_bytes == film.file.size + film.thumbnail.size


def changes(film: Radiograph, **others) -> Changes:
    facts = {
        "patient_code": film.patient.code, "sex": "", "view": "", "age_years": None, "source": "",
        "notes": "", "acquired_on": film.acquired_on,
    }  # fmt: skip
    return Changes(**facts | others)


def test_a_typed_day_is_no_moved_one(doctor) -> None:
    film = taken(uploader=doctor)
    edit(radiograph=film, changes=changes(film, acquired_on=date(2020, 4, 1)))
    assert not Radiograph.objects.get().date_is_shifted


def test_a_moved_day_moves_on_with_the_patient(doctor) -> None:
    film = taken(uploader=doctor)
    edit(radiograph=film, changes=changes(film, patient_code="P-9"))
    now = Radiograph.objects.select_related("patient").get()
    assert now.date_is_shifted
    assert now.acquired_on == shifted_day(now.patient, date(2020, 4, 1))


def test_what_is_sealed_can_be_opened(doctor, site_administrator) -> None:
    film = taken(uploader=doctor, IssuerOfPatientID="WARD")
    revealed = reveal(patient=film.patient, by=site_administrator)
    assert [(each.patient_id, each.issuer) for each in revealed.identifiers] == [("4711-A", "WARD")]
    assert revealed.days == days_moved(film.patient)


def test_what_was_sealed_under_another_key_is_counted(doctor, site_administrator, settings) -> None:
    film = taken(uploader=doctor)
    settings.IDENTITY_KEY = "another key"
    revealed = reveal(patient=film.patient, by=site_administrator)
    assert (revealed.identifiers, revealed.unreadable) == ([], 1)


def test_the_length_of_an_identifier_is_not_told(doctor) -> None:
    taken(4095, uploader=doctor, PatientID="7")
    taken(4000, uploader=doctor, PatientID="12345678901234567")
    assert len({len(row.sealed) for row in PatientIdentity.objects.all()}) == 1


def test_an_identity_shows_nothing_of_itself() -> None:
    identity = Identity(patient_id="4711", study_uid="1.2.3")
    assert repr(identity) == str(identity) == f"{identity}" == "Identity(hidden)"
