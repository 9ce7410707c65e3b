"""Retraining again and again while data come in, are joined and leave: nobody ever moves."""

import random
from collections import defaultdict

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Site, User
from images.models import Likeness, Patient, Radiograph, Target
from images.services import merge_patients, trash
from images.services.copies import Copy, join_found
from retraining.models import PatientSplit, PromotionRules, SnapshotCase
from retraining.services.snapshots import take_snapshot
from tests.factories import SiteFactory
from tests.retraining.lists import confirmed_cases

RETRAINS = 50


class Hospital:
    """Deeds of a working day, drawn at random; each may change who stands with whom."""

    def __init__(self, target: Target, doctor: User, seed: int) -> None:
        self.target, self.doctor, self.random = target, doctor, random.Random(seed)
        self.sites, self.made = [doctor.site, SiteFactory()], 0
        for site in self.sites:
            self._arrive(80, site)

    def new_patients(self) -> None:
        self._arrive(self.random.randint(2, 8), self.random.choice(self.sites))

    def _arrive(self, patients: int, site: Site) -> None:
        films = self.random.randint(1, 3)
        confirmed_cases(patients * films, site=site, first=self.made, a_patient=films)
        self.made += patients * films

    def copies(self) -> None:
        """Two radiographs of anybody turn out to be one picture."""
        one, other = self.random.sample(self._films(), 2)
        join_found(radiograph=one, copies=[Copy(other, 0.0)], kind=Likeness.PERCEPTUAL)

    def merge(self) -> None:
        patients = list(Patient.objects.filter(site=self.doctor.site).order_by("code"))
        kept, absorbed = self.random.sample(patients, 2)
        merge_patients(kept=kept, absorbed=absorbed, merged_by=self.doctor, sex="F")

    def one_more(self) -> None:
        """A patient of old comes back."""
        self.made += 1
        [film] = confirmed_cases(1, site=self.doctor.site, first=self.made + 10_000)
        old = Radiograph.objects.get(pk=self.random.choice(self._films(self.doctor.site)))
        Radiograph.objects.filter(pk=film.pk).update(patient=old.patient)

    def delete(self) -> None:
        film = Radiograph.objects.get(pk=self.random.choice(self._films()))
        film.truths.all()._raw_delete("default")
        film.delete()

    def to_trash(self) -> None:
        film = Radiograph.objects.get(pk=self.random.choice(self._films(self.doctor.site)))
        trash(radiograph=film, by=self.doctor)

    def same_pixels_elsewhere(self) -> None:
        """Sent to both institutions, and no worker compared them yet."""
        original = Radiograph.objects.get(pk=self.random.choice(self._films(self.sites[0])))
        known = Radiograph.objects.filter(
            site=self.sites[1], pixel_sha256=original.pixel_sha256
        ).exists()
        if not known:
            self.made += 1
            [film] = confirmed_cases(1, site=self.sites[1], first=self.made + 20_000)
            Radiograph.objects.filter(pk=film.pk).update(pixel_sha256=original.pixel_sha256)

    def a_day(self) -> None:
        deeds = [
            self.new_patients, self.copies, self.copies, self.merge, self.one_more, self.delete,
            self.to_trash, self.same_pixels_elsewhere,
        ]  # fmt: skip
        for deed in self.random.sample(deeds, 3):
            deed()

    def _films(self, site=None):
        rows = Radiograph.objects.kept().order_by("pixel_sha256", "site__code")
        rows = rows.filter(site=site) if site else rows
        return list(rows.values_list("pk", flat=True))


def spanning(pairs) -> list:
    seen = defaultdict(set)
    for key, split in pairs:
        seen[key].add(split)
    return [key for key, splits in seen.items() if len(splits) > 1]


@pytest.mark.slow
@given(seed=st.integers(0, 2**32))
@settings(
    max_examples=2, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_fifty_retrains_with_data_added_between(covid, doctor, seed):
    with transaction.atomic():
        _fifty_retrains(covid, doctor, seed)
        transaction.set_rollback(True)


def _fifty_retrains(covid, doctor, seed) -> None:
    PromotionRules.objects.create(target=covid, min_patients=2)
    hospital = Hospital(covid, doctor, seed)
    fixed: dict[str, str] = {}
    snapshots, set_aside = set(), 0
    # On some days nothing happens but to patients who are set aside: the list then is the same.
    while len(snapshots) < RETRAINS:
        snapshot = take_snapshot(target=covid)
        snapshots.add(snapshot.sha256)
        set_aside += snapshot.set_aside.get("split-conflict", 0)
        now = dict(PatientSplit.objects.values_list("key", "split"))
        assert fixed.items() <= now.items()
        fixed = now
        rows = snapshot.cases.select_related("radiograph__patient")
        assert not spanning((row.group, row.split) for row in rows)
        assert not spanning((row.radiograph.patient_id, row.split) for row in rows)
        assert not spanning((row.radiograph.patient.split_key, row.split) for row in rows)
        assert not spanning((row.pixel_sha256, row.split) for row in rows)
        copies = [(row.radiograph.copy_group, row.split) for row in rows]
        assert not spanning(pair for pair in copies if pair[0])
        hospital.a_day()
    ever = SnapshotCase.objects.values_list("radiograph", "split").distinct()
    assert not spanning(ever)
    pixels = SnapshotCase.objects.values_list("pixel_sha256", "split").distinct()
    assert not spanning(pixels)
    # The days did bring about what this test is about.
    assert set_aside > 0
