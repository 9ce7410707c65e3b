"""Bulk actions: what is written down, done, stopped, gone on with and undone."""

import uuid
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.roles import Role
from images.bulk import verb_named, verbs
from images.models import BulkAction, GroundTruth, Radiograph
from images.models.bulk import ChangeState
from images.services import bulk, trash
from tests import factories

POSITIVE = {"result": "positive", "tested_on": "2024-02-03"}


@pytest.fixture
def films(doctor, health_worker):
    """Three of the doctor and one of the health worker, the first one with a result."""
    made = [
        factories.make_radiograph(uploader=doctor, seed=n, patient_code=f"A-{n}") for n in range(3)
    ]
    factories.state_truth(made[0], "negative")
    return [*made, factories.make_radiograph(uploader=health_worker, seed=9, patient_code="B-1")]


def began(by, verb="label", parameters=POSITIVE, **about):
    about = about or {"query": ""}
    return bulk.start(
        key=uuid.uuid4(), verb=verbs()[verb], parameters=parameters, asked_by=by, **about
    )


def ended(action):
    while bulk.work_on_bulk():
        pass
    action.refresh_from_db()
    return action


def results() -> dict:
    """Result and date of the current statement of each radiograph."""
    rows = GroundTruth.objects.current().select_related("target_class")
    return {
        (row.radiograph_id): (row.result, row.tested_on)
        for row in rows
        if row.target_class is not None or row.tested_on is not None
    }


def counts(action):
    return action.status, action.total, action.done_count, action.refused_count


class TestLabel:
    def test_all_that_match_are_labelled(self, films, doctor):
        action = ended(began(doctor))
        assert counts(action) == ("done", 4, 4, 0)
        assert {result for result, _ in results().values()} == {"positive"}

    def test_only_what_matches_is(self, films, doctor):
        assert ended(began(doctor, query="patient=A-")).total == 3

    def test_only_what_was_ticked_is(self, films, doctor):
        action = ended(began(doctor, keys=[films[1].pk]))
        assert counts(action) == ("done", 1, 1, 0)

    def test_a_correction_supersedes(self, films, doctor):
        ended(began(doctor))
        assert GroundTruth.objects.filter(radiograph=films[0]).count() == 2

    def test_what_comes_in_later_is_not_touched(self, films, doctor):
        action = began(doctor)
        later = factories.make_radiograph(uploader=doctor, seed=20)
        assert ended(action).total == 4
        assert later.pk not in results()

    def test_another_institutions_is_never_touched(self, films, doctor, other_site):
        elsewhere = factories.make_radiograph(site=other_site, seed=1)
        action = ended(began(doctor, keys=[elsewhere.pk]))
        assert counts(action) == ("done", 0, 0, 0)

    def test_health_workers_may_not(self, films, health_worker):
        with pytest.raises(PermissionDenied):
            began(health_worker)

    def test_what_was_put_away_meanwhile_is_refused_with_the_reason(self, films, doctor):
        action = began(doctor, keys=[film.pk for film in films])
        trash(radiograph=films[0], by=doctor)
        assert counts(ended(action)) == ("done", 4, 3, 1)
        refused = action.changes.get(state=ChangeState.REFUSED)
        assert (refused.radiograph_id, refused.error_code) == (films[0].pk, "out-of-reach")


class TestUndo:
    def test_puts_back_what_was(self, films, doctor):
        before = results()
        action = ended(began(doctor))
        back = ended(bulk.undo(action=action, by=doctor))
        assert counts(back) == ("done", 4, 4, 0)
        assert results() == before

    def test_adds_statements_and_takes_none_away(self, films, doctor):
        action = ended(began(doctor))
        rows = GroundTruth.objects.count()
        ended(bulk.undo(action=action, by=doctor))
        assert GroundTruth.objects.count() == rows + 4

    def test_leaves_what_somebody_changed_meanwhile(self, films, doctor):
        action = ended(began(doctor))
        factories.state_truth(films[1], "negative")
        back = ended(bulk.undo(action=action, by=doctor))
        assert counts(back) == ("done", 4, 3, 1)
        assert back.changes.get(state=ChangeState.REFUSED).error_code == "changed-meanwhile"
        assert results()[films[1].pk][0] == "negative"

    def test_happens_once(self, films, doctor):
        action = ended(began(doctor))
        assert bulk.undo(action=action, by=doctor) is not None
        assert bulk.undo(action=action, by=doctor) is None

    def test_not_while_it_goes_on(self, films, doctor):
        assert bulk.undo(action=began(doctor), by=doctor) is None

    def test_of_a_stopped_action_puts_back_what_was_done(self, films, doctor, monkeypatch):
        monkeypatch.setattr(type(verbs()["label"]), "at_once", 1)
        before, action = results(), began(doctor)
        bulk.work_on_bulk(seconds=0)
        bulk.work_on_bulk(seconds=0)
        bulk.cancel(action=action)
        action.refresh_from_db()
        assert action.done_count in {1, 2}
        ended(bulk.undo(action=action, by=doctor))
        assert results() == before


class TestAssign:
    def test_and_undo(self, films, doctor, health_worker):
        Radiograph.objects.filter(pk=films[0].pk).update(assigned_to=doctor)
        action = ended(began(doctor, "assign", {"person": str(health_worker.pk)}))
        assert Radiograph.objects.filter(assigned_to=health_worker).count() == 4
        ended(bulk.undo(action=action, by=doctor))
        assert list(Radiograph.objects.filter(assigned_to__isnull=False)) == [films[0]]

    def test_health_workers_reach_their_own_uploads_only(self, films, health_worker):
        action = ended(began(health_worker, "assign", {"person": str(health_worker.pk)}))
        assert counts(action) == ("done", 1, 1, 0)

    def test_ticked_ones_of_others_are_refused(self, films, health_worker):
        action = began(health_worker, "assign", {"person": ""}, keys=[film.pk for film in films])
        assert counts(ended(action)) == ("done", 4, 1, 3)

    def test_a_person_of_another_institution_is_refused(self, films, administrator, stranger):
        action = ended(began(administrator, "assign", {"person": str(stranger.pk)}))
        assert counts(action) == ("done", 4, 0, 4)


class TestTrash:
    def test_and_undo(self, films, doctor):
        action = ended(began(doctor, "trash", {}))
        assert Radiograph.objects.trashed().count() == 4
        ended(bulk.undo(action=action, by=doctor))
        assert Radiograph.objects.kept().count() == 4

    def test_undo_leaves_what_was_there_before(self, films, doctor):
        action = began(doctor, "trash", {}, keys=[film.pk for film in films])
        trash(radiograph=films[0], by=doctor)
        ended(action)
        ended(bulk.undo(action=action, by=doctor))
        assert list(Radiograph.objects.trashed()) == [films[0]]


class TestRepredict:
    def test_says_what_there_was_nothing_to_ask_of(self, films, doctor):
        action = ended(began(doctor, "repredict", {}))
        assert counts(action) == ("done", 4, 0, 4)
        assert {row.error_code for row in action.changes.all()} == {"nothing-to-ask"}

    def test_cannot_be_undone(self, films, doctor):
        assert not bulk.may_undo(ended(began(doctor, "repredict", {})))


class TestJob:
    def test_a_request_sent_twice_begins_one_action(self, films, doctor):
        key = uuid.uuid4()
        for _ in range(2):
            bulk.start(
                key=key, verb=verbs()["label"], parameters=POSITIVE, asked_by=doctor, query=""
            )
        assert BulkAction.objects.count() == 1

    def test_another_worker_goes_on_where_one_died(self, films, doctor, monkeypatch):
        monkeypatch.setattr(type(verbs()["label"]), "at_once", 1)
        action = began(doctor)
        for _ in range(3):
            bulk.work_on_bulk(seconds=0)
        past = timezone.now() - timedelta(minutes=1)
        BulkAction.objects.update(status="running", owner="dead", lease_until=past)
        assert counts(ended(action)) == ("done", 4, 4, 0)
        assert GroundTruth.objects.count() == 5

    def test_who_lost_the_claim_writes_nothing(self, films, doctor, monkeypatch):
        action = began(doctor, keys=[film.pk for film in films])
        label = verbs()["label"]
        real = type(label).apply

        def stolen(self, *arguments):
            BulkAction.objects.update(owner="another")
            return real(self, *arguments)

        monkeypatch.setattr(type(label), "apply", stolen)
        bulk.work_on_bulk(seconds=0)
        action.refresh_from_db()
        assert (action.done_count, len(results())) == (0, 1)

    def test_a_person_who_lost_the_right_gets_nothing_done(self, films, doctor):
        action = began(doctor)
        type(doctor).objects.filter(pk=doctor.pk).update(role=Role.HEALTH_WORKER)
        assert (ended(action).status, action.error_code) == ("failed", "not-allowed")

    def test_what_nobody_foresaw_is_tried_again_and_then_told(self, films, doctor, monkeypatch):
        def broken(*arguments):
            raise RuntimeError

        monkeypatch.setattr(type(verbs()["label"]), "apply", broken)
        action = began(doctor)
        for _ in range(5):
            BulkAction.objects.update(lease_until=None)
            bulk.work_on_bulk()
        action.refresh_from_db()
        assert (action.status, action.error_code) == ("failed", "broken")

    def test_is_gathered_in_slices(self, films, doctor, monkeypatch):
        monkeypatch.setattr(bulk, "GATHERED", 2)
        assert counts(ended(began(doctor))) == ("done", 4, 4, 0)

    def test_stays_stopped(self, films, doctor):
        action = began(doctor)
        assert bulk.cancel(action=action)
        assert counts(ended(action)) == ("cancelled", 0, 0, 0)


@pytest.mark.parametrize(
    ("who", "names"),
    [
        ("doctor", ["label", "assign", "export", "repredict", "trash"]),
        ("health_worker", ["assign", "repredict", "trash"]),
        ("researcher", ["export"]),
        ("pending", []),
    ],
)
def test_verbs_of_each_role(request, who, names):
    user = request.getfixturevalue(who)
    assert [name for name in verbs() if verb_named(name, user)] == names


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    first=st.lists(st.sampled_from(["", "positive", "negative"]), min_size=3, max_size=3),
    said=st.sampled_from(["positive", "negative", "unknown"]),
)
def test_label_and_undo_give_the_state_before(doctor, first, said):
    Radiograph.objects.all().delete()
    for seed, result in enumerate(first):
        factories.make_radiograph(uploader=doctor, seed=seed, rt_pcr=result)
    before = results()
    columns = list(Radiograph.objects.order_by("pk").values_list("rt_pcr", "is_confirmed"))
    action = ended(began(doctor, parameters={"result": said, "tested_on": ""}))
    ended(bulk.undo(action=action, by=doctor))
    assert results() == before
    assert list(Radiograph.objects.order_by("pk").values_list("rt_pcr", "is_confirmed")) == columns
