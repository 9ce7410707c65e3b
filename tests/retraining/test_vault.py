"""Test labels come out by one door, and each opening is counted."""

import pytest

from retraining import vault
from retraining.models import DatasetSnapshot, Purpose, SnapshotCase, VaultLook
from retraining.services.snapshots import take_snapshot
from tests.retraining.lists import confirmed_cases


@pytest.fixture
def snapshot(covid, site) -> DatasetSnapshot:
    confirmed_cases(200, site=site, source="BIMCV")
    return take_snapshot(target=covid)


def test_development_has_labels_and_no_test_case(snapshot):
    rows = vault.development(snapshot)
    assert {row.split for row in rows} == {"train", "validation"}
    assert {row.class_code for row in rows} == {"covid-19", "no-covid-19"}
    assert len(rows) == 200 - snapshot.counts["splits"]["test"]
    assert not VaultLook.objects.exists()


def test_test_cases_come_without_labels(snapshot):
    rows = vault.unlabelled_test(snapshot)
    assert {row.split for row in rows} == {"test"}
    assert {row.class_code for row in rows} == {""}
    assert not VaultLook.objects.exists()


def test_opening_the_vault_is_a_look(snapshot, covid, administrator):
    rows = vault.open_vault(
        snapshot=snapshot, purpose=Purpose.EVALUATION, about="covid-19-3", by=administrator
    )
    stored = {
        case.radiograph_id: case.target_class.code
        for case in SnapshotCase.objects.filter(split="test").select_related("target_class")
    }
    assert {row.radiograph: row.class_code for row in rows} == stored
    look = VaultLook.objects.get()
    assert (look.snapshot, look.target, look.purpose) == (snapshot, covid, "evaluation")
    assert (look.about, look.looked_by, look.cases) == ("covid-19-3", administrator, len(rows))
    assert vault.looks(covid) == 1
    vault.open_vault(snapshot=snapshot, purpose="audit", about="covid-19-3")
    assert vault.looks(covid) == 2


def test_an_unknown_purpose_opens_nothing(snapshot):
    with pytest.raises(ValueError):
        vault.open_vault(snapshot=snapshot, purpose="curiosity", about="x")
    assert not VaultLook.objects.exists()


def test_a_look_is_kept_although_the_evaluation_fails(snapshot):
    with pytest.raises(ZeroDivisionError):
        len(vault.open_vault(snapshot=snapshot, purpose="evaluation", about="x")) / 0
    assert VaultLook.objects.count() == 1


def test_rows_are_complete_and_in_one_order(snapshot, site):
    rows = vault.development(snapshot)
    assert [row.radiograph for row in rows] == sorted(row.radiograph for row in rows)
    case = SnapshotCase.objects.get(radiograph=rows[0].radiograph)
    assert rows[0] == vault.Row(
        case.radiograph_id, case.pixel_sha256, case.target_class.code, case.group, case.split,
        site.code, "PA", case.sex, case.age_years, "BIMCV",
    )  # fmt: skip
