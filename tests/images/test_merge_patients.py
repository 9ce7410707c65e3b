"""Merging two patients: the service."""

from datetime import date

import pytest
from django.utils import timezone

from images.errors import Refused
from images.models import Patient, PatientIdentity, PatientMerge, Radiograph
from images.services import Changes, edit, merge_patients, patient_of, withdraw_consent
from images.services.merging import preview
from images.services.patients import settled
from images.shifting import days_moved
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def two(doctor):
    """`(kept, absorbed)`: two patients with a radiograph each, `kept` seen first."""
    films = [
        factories.make_radiograph(uploader=doctor, seed=seed, patient_code=code)
        for seed, code in enumerate(("P-1", "P-2"))
    ]
    return films[0].patient, films[1].patient


def merge(two, doctor, **facts) -> PatientMerge:
    return merge_patients(kept=two[0], absorbed=two[1], merged_by=doctor, **facts)


def test_the_radiographs_move(two, doctor):
    merge(two, doctor)
    assert set(Radiograph.objects.values_list("patient", flat=True)) == {two[0].pk}


def test_the_absorbed_patient_is_gone(two, doctor):
    merge(two, doctor)
    assert list(Patient.objects.all()) == [two[0]]


def test_the_merge_is_written_down(two, doctor):
    film = two[1].radiographs.get()
    keys = two[0].split_key, two[1].split_key
    done = merge(two, doctor)
    assert (done.site, done.kept, done.merged_by) == (doctor.site, two[0], doctor)
    assert (done.absorbed_key, done.absorbed_code) == (two[1].pk, "P-2")
    assert done.radiographs == [str(film.pk)]
    assert (done.kept_split_key, done.absorbed_split_key) == keys


def test_the_identities_move(two, doctor):
    PatientIdentity.objects.create(site=doctor.site, patient=two[1], lookup="a" * 64, sealed=b"x")
    merge(two, doctor)
    assert PatientIdentity.objects.get().patient == two[0]


@pytest.mark.parametrize("first_seen", [0, 1])
def test_the_split_is_that_of_the_patient_seen_first(two, doctor, first_seen):
    kept, absorbed = two[first_seen], two[1 - first_seen]
    key, other = two[0].split_key, two[1].split_key
    merge_patients(kept=kept, absorbed=absorbed, merged_by=doctor)
    now = Patient.objects.get()
    assert now.split_key == key
    assert now.former_split_keys == [other.hex]


def test_first_sight_is_that_of_both(two, doctor):
    merge_patients(kept=two[1], absorbed=two[0], merged_by=doctor)
    assert Patient.objects.get().created_at == two[0].created_at


def test_the_absorbed_code_means_the_kept_patient(two, doctor):
    merge(two, doctor)
    new = factories.make_radiograph(uploader=doctor, seed=9, patient_code="P-2")
    assert new.patient == two[0]
    assert not Patient.objects.filter(code="P-2").exists()


def test_a_correction_to_the_absorbed_code_goes_there_too(two, doctor):
    merge(two, doctor)
    film = factories.make_radiograph(uploader=doctor, seed=9, patient_code="P-3")
    facts = {"view": "", "acquired_on": None, "age_years": None, "source": "", "notes": ""}
    edit(radiograph=film, changes=Changes(patient_code="P-2", sex="", **facts))
    assert Radiograph.objects.get(pk=film.pk).patient == two[0]


def test_the_code_of_another_institution_is_its_own(two, doctor, other_site):
    merge(two, doctor)
    other = settled(patient_of(site=other_site, code="P-2"))
    assert (other.site, other.code) == (other_site, "P-2")


def test_codes_follow_when_the_kept_one_is_absorbed_in_turn(two, doctor):
    merge(two, doctor)
    last = factories.make_radiograph(uploader=doctor, seed=9, patient_code="P-3").patient
    merge_patients(kept=last, absorbed=Patient.objects.get(pk=two[0].pk), merged_by=doctor)
    assert settled(patient_of(site=doctor.site, code="P-1")) == last
    assert settled(patient_of(site=doctor.site, code="P-2")) == last


@pytest.mark.parametrize(("kept", "absorbed", "now"), ["-FF", "M-M", "---"])
def test_an_unknown_sex_is_filled_in(two, doctor, kept, absorbed, now):
    kept, absorbed, now = (sex.strip("-") for sex in (kept, absorbed, now))
    for patient, sex in zip(two, (kept, absorbed), strict=True):
        Patient.objects.filter(pk=patient.pk).update(sex=sex)
    merge(two, doctor)
    assert Patient.objects.get().sex == now


@pytest.fixture
def of_other_sexes(two):
    for patient, sex in zip(two, "FM", strict=True):
        Patient.objects.filter(pk=patient.pk).update(sex=sex)
    return two


def test_two_sexes_are_refused(of_other_sexes, doctor):
    with pytest.raises(Refused, match="other-sex-in-merge"):
        merge(of_other_sexes, doctor)
    assert Patient.objects.count() == 2
    assert not PatientMerge.objects.exists()


def test_a_person_may_choose_the_sex(of_other_sexes, doctor):
    merge(of_other_sexes, doctor, sex="M")
    assert Patient.objects.get().sex == "M"


@pytest.mark.parametrize("who", [0, 1])
def test_a_withdrawn_consent_stays_withdrawn(two, doctor, who):
    withdraw_consent(patient=two[who], by=doctor)
    merge(two, doctor)
    assert Patient.objects.get().consent_withdrawn_by == doctor


def test_moved_days_keep_their_true_distance(two, doctor):
    film = two[1].radiographs.get()
    Radiograph.objects.filter(pk=film.pk).update(acquired_on=date(2020, 6, 1), date_is_shifted=True)
    merge(two, doctor)
    moved = (Radiograph.objects.get(pk=film.pk).acquired_on - date(2020, 6, 1)).days
    assert moved == days_moved(two[1]) - days_moved(two[0])


def test_a_patient_is_not_merged_with_itself(two, doctor):
    with pytest.raises(Refused, match="same-patient"):
        merge_patients(kept=two[0], absorbed=two[0], merged_by=doctor)


def test_patients_of_two_institutions_are_not_merged(two, other_site, doctor):
    other = factories.PatientFactory(site=other_site)
    with pytest.raises(Refused, match="other-site"):
        merge_patients(kept=two[0], absorbed=other, merged_by=doctor)


def test_the_second_of_two_equal_merges_is_refused(two, doctor):
    merge(two, doctor)
    with pytest.raises(Refused, match="patient-gone"):
        merge(two, doctor)


def test_the_preview_counts_and_names_the_days_of_both(two, doctor):
    Radiograph.objects.update(acquired_on=date(2021, 3, 4))
    found = preview(kept=two[0], absorbed=two[1])
    assert (found.moving, found.days) == (1, [date(2021, 3, 4)])
    assert not found.sexes_differ


def test_the_preview_says_that_a_consent_is_withdrawn(two):
    two[1].consent_withdrawn_at = timezone.now()
    assert preview(kept=two[0], absorbed=two[1]).withdraws_consent
