"""A preview as a job: asked for, worked out, forgotten. It never writes a label."""

from datetime import timedelta

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from core.jobs import JobStatus
from images.models import GroundTruth, Radiograph
from images.services import trash
from retraining import reasons, services, tasks
from retraining.models import LabelImpact
from retraining.services import label_impact
from tests.factories import UserFactory, make_radiograph
from tests.retraining.cases import make_cases

POSITIVE, NEGATIVE = "covid-19", "no-covid-19"


@pytest.fixture
def cases(doctor, bells) -> list[Radiograph]:
    return make_cases(doctor, 60)


@pytest.fixture
def ask(covid, doctor, bells):
    def asked(labels, by=doctor) -> LabelImpact:
        labels = {film.pk: code for film, code in labels.items()}
        return services.request_impact(target=covid, labels=labels, by=by)

    return asked


def answered(row: LabelImpact) -> LabelImpact:
    services.work_on_impact()
    row.refresh_from_db()
    return row


def test_new_labels_are_weighed(cases, ask, doctor):
    new = make_cases(doctor, 6, first=60, labelled=False)
    row = answered(ask({film: POSITIVE if n % 2 == 0 else NEGATIVE for n, film in enumerate(new)}))
    assert (row.status, row.result["verdict"]) == (JobStatus.DONE, "estimated")
    assert (row.result["added"], row.result["changed"], row.result["cases"]) == (6, 0, 66)
    assert row.result["low"] <= row.result["difference"] <= row.result["high"]
    assert row.seconds > 0


def test_no_label_is_written(cases, ask):
    before = GroundTruth.objects.count()
    answered(ask({cases[0]: NEGATIVE, cases[1]: ""}))
    assert GroundTruth.objects.count() == before
    assert cases[0].truths.get(is_current=True).result == "positive"


def test_flips_name_radiographs_and_classes(cases, ask):
    row = answered(ask(dict.fromkeys(cases[:12:2], NEGATIVE)))
    keys = {str(film.pk) for film in cases}
    for flip in row.result["flipped"]:
        assert flip["radiograph"] in keys
        assert {flip["before"], flip["after"]} == {POSITIVE, NEGATIVE}


def test_the_same_labels_change_nothing(cases, ask):
    row = answered(ask({cases[0]: POSITIVE, cases[1]: NEGATIVE}))
    assert (row.status, row.result["verdict"]) == (JobStatus.DONE, "nothing-changes")


def test_without_any_labels_it_cannot_say(ask, doctor):
    [film] = make_cases(doctor, 1, labelled=False, cached=False)
    row = answered(ask({film: POSITIVE}))
    assert row.result["verdict"] == "cannot-say"
    assert (row.result["without_features"], row.result["flags"]) == (1, ["no-features"])


def test_too_few_labels_cannot_say(ask, doctor):
    films = make_cases(doctor, 6)
    row = answered(ask({films[0]: NEGATIVE}))
    assert row.result["verdict"] == "cannot-say"
    assert "too-few-now" in row.result["flags"]


def test_what_may_not_train_is_refused(cases, ask, covid, doctor, monkeypatch):
    row = ask({cases[0]: NEGATIVE, cases[1]: POSITIVE})
    trash(radiograph=cases[0], by=doctor)
    assert answered(row).result["refused"] == 1


def test_labels_of_what_a_person_does_not_see_are_left_out(ask, cases, doctor, other_site):
    elsewhere = make_radiograph(site=other_site, seed=900)
    assert list(ask({cases[0]: POSITIVE, elsewhere: POSITIVE}).labels) == [str(cases[0].pk)]


def test_the_same_question_that_waits_is_not_asked_twice(cases, ask):
    assert ask({cases[0]: NEGATIVE}) == ask({cases[0]: NEGATIVE})
    assert ask({cases[0]: POSITIVE}) != ask({cases[0]: NEGATIVE})


def test_a_colleague_does_not_see_it(cases, ask, site):
    row = ask({cases[0]: NEGATIVE})
    colleague = UserFactory(role="doctor", site=site)
    assert not LabelImpact.objects.visible_to(colleague).filter(pk=row.pk).exists()


@pytest.mark.parametrize("who", ["health_worker", "researcher"])
def test_others_may_not_ask(covid, request, who):
    with pytest.raises(PermissionDenied):
        services.request_impact(target=covid, labels={}, by=request.getfixturevalue(who))


def test_too_many_labels_are_refused(cases, ask, monkeypatch):
    monkeypatch.setattr(label_impact, "MOST_LABELS", 1)
    with pytest.raises(services.TooManyLabels):
        ask({cases[0]: POSITIVE, cases[1]: POSITIVE})


def test_a_request_rings(cases, ask, bells, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        ask({cases[0]: NEGATIVE})
    assert bells[-1] == "preview_impact_waiting"


def test_progress_is_told(cases, ask, monkeypatch):
    row, seen = ask(dict.fromkeys(cases[:8:2], NEGATIVE)), []
    real = label_impact.timezone.now

    def watching():
        seen.append(LabelImpact.objects.get(pk=row.pk).result.get("percent", 0))
        return real()

    monkeypatch.setattr(label_impact.timezone, "now", watching)
    answered(row)
    told = [percent for percent in seen if percent]
    assert told == [5 * step for step in range(1, 21)]


def test_trouble_gives_it_back(cases, ask, monkeypatch):
    def broken(target, labels):
        raise MemoryError

    monkeypatch.setattr(label_impact, "cohort_of", broken)
    row = answered(ask({cases[0]: NEGATIVE}))
    assert (row.status, row.error_code) == (JobStatus.QUEUED, reasons.OUT_OF_MEMORY)


def test_a_cancelled_one_gets_no_answer(cases, ask, monkeypatch):
    row, real = ask({cases[0]: POSITIVE}), label_impact.cohort_of

    def meanwhile(target, labels):
        LabelImpact.objects.cancel()
        return real(target, labels)

    monkeypatch.setattr(label_impact, "cohort_of", meanwhile)
    assert answered(row).status == JobStatus.CANCELLED
    assert row.result == {}


def test_the_reaper_rings_for_what_waits(cases, ask, bells):
    ask({cases[0]: NEGATIVE})
    tasks.reap()
    assert bells[-1] == "preview_impact_waiting"


def test_a_day_later_it_is_forgotten(cases, ask):
    ask({cases[0]: NEGATIVE})
    assert services.throw_away_old_impacts() == 0
    with time_machine.travel(timezone.now() + timedelta(days=1, minutes=1), tick=False):
        assert services.throw_away_old_impacts() == 1
