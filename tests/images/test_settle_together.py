"""Several patients are found or created at once; who needs more is settled alone."""

import pytest

from images.models import Patient
from images.services import merge_patients, patient_of
from images.services.patients import Apart, settled_together
from tests.factories import PatientFactory, make_radiograph

pytestmark = pytest.mark.django_db


@pytest.fixture
def named(site):
    """`named("P-1", sex="F")`: a patient as a person names one."""
    return lambda code, **facts: patient_of(site=site, code=code, **facts)


def test_found_or_created_in_their_order(named, site):
    known = PatientFactory(site=site, code="P-2")

    rows = settled_together([named("P-3"), named("P-2"), named("P-1"), named("P-3")])

    assert [row.code for row in rows] == ["P-3", "P-2", "P-1", "P-3"]
    assert (rows[1], rows[0]) == (known, rows[3])
    assert set(Patient.objects.all()) == set(rows)


def test_the_same_code_elsewhere_is_another_patient(named, other_site):
    elsewhere = PatientFactory(site=other_site, code="P-1")

    rows = settled_together([named("P-1"), patient_of(site=other_site, code="P-1")])

    assert rows[1] == elsewhere != rows[0]


def test_the_sex_of_a_new_patient_is_stored(named):
    settled_together([named("P-1", sex="F"), named("P-1")])

    assert Patient.objects.get().sex == "F"


@pytest.mark.parametrize("known", ["", "F"])
def test_a_sex_that_the_row_does_not_say(named, site, known):
    PatientFactory(site=site, code="P-1", sex=known)

    with pytest.raises(Apart):
        settled_together([named("P-1", sex="M"), named("P-2")])


def test_a_code_that_a_merge_absorbed(named, doctor):
    kept, gone = (
        make_radiograph(uploader=doctor, seed=seed, patient_code=code).patient
        for seed, code in ((1, "P-1"), (2, "P-2"))
    )
    merge_patients(kept=kept, absorbed=gone, merged_by=doctor)

    with pytest.raises(Apart):
        settled_together([named("P-2")])
    assert settled_together([named("P-1")]) == [kept]
