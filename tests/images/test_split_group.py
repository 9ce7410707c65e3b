"""Which patients share a training split because their radiographs are copies."""

import uuid

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from images.copies.unions import components
from images.models import Likeness, Patient, Radiograph, Redaction
from images.services.copies import Copy, join_found
from images.services.merging import merge_patients
from images.services.splits import group_of, group_of_patient, split_group, split_groups
from tests.factories import SiteFactory, UserFactory, make_radiograph

pytestmark = pytest.mark.django_db


@pytest.fixture
def films(site, doctor):
    """`films("A", "A", "B")`: radiographs of those patients, the patients older from left."""
    seeds = iter(range(100))

    def make(*codes: str) -> list[Radiograph]:
        return [
            make_radiograph(uploader=doctor, seed=next(seeds), patient_code=code) for code in codes
        ]

    return make


def join(one: Radiograph, other: Radiograph) -> None:
    join_found(radiograph=one.pk, copies=[Copy(other.pk, 0.0)], kind=Likeness.PERCEPTUAL)


def reread(radiograph: Radiograph) -> Radiograph:
    return Radiograph.objects.get(pk=radiograph.pk)


def test_alone_it_is_the_patients_own_key(films):
    (film,) = films("A")
    assert split_group(film) == film.patient.split_key.hex
    assert group_of_patient(film.patient) == group_of(film)


def test_copies_share_the_key_of_the_patient_seen_first(films):
    first, second = films("A", "B")
    key = split_group(first)
    join(second, first)
    assert split_group(reread(first)) == split_group(reread(second)) == key


def test_joins_reach_through_patients_and_groups(films):
    a, b, b2, c = films("A", "B", "B", "C")
    key = split_group(a)
    join(a, b)
    join(b2, c)
    assert {split_group(reread(film)) for film in (a, b, b2, c)} == {key}


def test_what_is_not_joined_is_another_group(films):
    a, b, c = films("A", "B", "C")
    join(a, b)
    assert split_group(c) != split_group(reread(a))


def test_all_keys_that_ever_were_are_known(films):
    a, b = films("A", "B")
    keys = {split_group(a), split_group(b)}
    join(a, b)
    assert set(group_of(reread(b)).keys) == keys


def test_a_merge_counts_as_a_join(films, doctor):
    a, b = films("A", "B")
    keys = (split_group(a), split_group(b))
    merge_patients(kept=b.patient, absorbed=a.patient, merged_by=doctor)
    group = group_of(reread(b))
    assert (group.key, set(group.keys)) == (keys[0], set(keys))


def test_deleting_the_oldest_moves_nobody(films, doctor):
    a, b = films("A", "B")
    join(a, b)
    before = group_of(reread(b))
    a.delete()
    a.patient.delete()
    assert group_of(reread(b)).key == before.key
    assert set(group_of(reread(b)).keys) == set(before.keys)


def test_a_merge_tells_the_copies_of_both(films, doctor):
    """A is a copy of B and D of C; B is C. When their radiographs are gone, A and D are joined."""
    a, b, c, d = films("A", "B", "C", "D")
    join(a, b)
    join(c, d)
    merge_patients(kept=c.patient, absorbed=reread(b).patient, merged_by=doctor)
    Radiograph.objects.filter(pk__in=[b.pk, c.pk]).delete()
    Patient.objects.filter(pk=c.patient_id).delete()
    assert split_group(reread(a)) == split_group(reread(d))
    assert set(group_of(reread(a)).keys) == set(group_of(reread(d)).keys)


def test_each_remembers_the_keys_of_all(films):
    a, b, c = films("A", "B", "C")
    keys = {split_group(film) for film in (a, b, c)}
    join(a, b)
    join(b, c)
    Radiograph.objects.filter(pk__in=[a.pk, c.pk]).delete()
    assert set(group_of(reread(b)).keys) == keys


def test_equal_pixels_join_whoever_compared_them(films):
    a, b, c = films("A", "B", "C")
    Radiograph.objects.filter(pk=b.pk).update(pixel_sha256=a.pixel_sha256, site=SiteFactory())
    Redaction.objects.create(radiograph=c, made_by=c.uploader, pixel_sha256_before=a.pixel_sha256)
    found = split_groups()
    assert {found[film.patient_id].key for film in (a, b, c)} == {a.patient.split_key.hex}
    assert group_of(reread(c)) == found[c.patient_id]


def test_whole_data_sets_get_the_same_answer(films):
    a, b, _alone, c, d = films("A", "B", "X", "C", "D")
    join(a, b)
    join(c, d)
    found = split_groups()
    assert len(found) == 4
    for film in (a, b, c, d):
        assert found[film.patient_id] == group_of(reread(film))


pairs = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=8)


@given(pairs)
@settings(max_examples=30, deadline=None)
@pytest.mark.usefixtures("db")
def test_groups_are_the_components_of_all_pairs(pairs):
    site = SiteFactory(name=uuid.uuid4().hex[:20], code=uuid.uuid4().hex[:20])
    doctor = UserFactory(role="doctor", site=site, email=f"{uuid.uuid4().hex}@example.org")
    films = [
        make_radiograph(uploader=doctor, seed=number, patient_code=f"P{number % 4}")
        for number in range(6)
    ]
    keys = {film.pk: split_group(film) for film in films}
    for one, other in pairs:
        if one != other:
            join(films[one], films[other])
    linked = [(f"p{n % 4}", n) for n in range(6)] + pairs
    for each in components(linked):
        members = [films[item] for item in each if isinstance(item, int)]
        oldest = min(members, key=lambda film: (film.patient.created_at, film.patient_id))
        assert {split_group(reread(film)) for film in members} == {keys[oldest.pk]}
    Radiograph.objects.filter(site=site).delete()
    Patient.objects.filter(site=site).delete()
