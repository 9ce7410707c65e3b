"""All targets at a glance: what serves, what runs, what wants an eye."""

from datetime import date

import pytest
from django.urls import reverse

from images.models import Target
from inference.models import DeployedModel, Duty
from retraining.models import DriftCheck, DriftReport, RetrainingPlan
from tests.retraining import registry

pytestmark = pytest.mark.usefixtures("bells")


@pytest.fixture
def page(actor, covid):
    def load() -> tuple[str, dict]:
        answer = actor("administrator").get(
            reverse("retraining:dashboard"), headers={"accept-language": "en"}
        )
        return answer.content.decode(), {card.target.code: card for card in answer.context["cards"]}

    return load


def test_each_active_target_has_a_card(page):
    text, cards = page()
    assert set(cards) == set(Target.objects.values_list("code", flat=True))
    assert "No model in service" in text


def test_the_live_model_leads_to_its_version(page, covid):
    version = registry.make_version(covid)
    registry.serve(version)
    text, cards = page()
    assert cards["covid-19"].live_version == version
    assert reverse("retraining:version", args=[version.pk]) in text
    assert [line.duty for line in cards["covid-19"].versions] == ["live"]


def test_a_model_without_a_version_is_named_all_the_same(page, covid):
    DeployedModel.objects.create(target=covid, version="shipped-1", threshold=0.5)
    text, cards = page()
    assert "shipped-1" in text
    assert cards["covid-19"].live_version is None


def test_duties_of_versions(page, covid):
    old, live, shadow = (registry.make_version(covid) for _number in range(3))
    for version in (old, live):
        registry.serve(version)
    registry.serve(shadow, duty=Duty.SHADOW)
    lines = page()[1]["covid-19"].versions
    assert {line.version: line.duty for line in lines} == {
        old: "before", live: "live", shadow: "shadow",
    }  # fmt: skip


def test_an_open_run_is_linked(page, covid, administrator):
    run = registry.running(covid, administrator)
    assert reverse("retraining:run", args=[run.pk]) in page()[0]


def test_a_failed_run_is_told(page, covid):
    run = registry.make_run(covid, status="failed", error_code="no-room")
    text, _cards = page()
    assert "failed." in text
    assert reverse("retraining:run", args=[run.pk]) in text


def test_a_failed_run_is_over_once_a_new_one_is_there(page, covid):
    registry.make_run(covid, status="failed", error_code="no-room")
    registry.make_run(covid, status="done")
    assert "bi-x-octagon" not in page()[0]


def test_drift_of_the_last_look_alone(page, covid, site, other_site):
    model = DeployedModel.objects.create(target=covid, version="1", threshold=0.5)
    for alerts in (["score"], []):
        check = DriftCheck.objects.create(target=covid, status="done")
        for place in (site, other_site):
            DriftReport.objects.create(
                check_job=check, target=covid, model=model, site=place, since=date(2020, 1, 1),
                cases=10, alerts=alerts,
            )  # fmt: skip
    assert page()[1]["covid-19"].drifting == []
    DriftReport.objects.filter(check_job=check, site=site).update(alerts=["score"])
    text, cards = page()
    assert [report.site for report in cards["covid-19"].drifting] == [site]
    assert site.name in text


@pytest.mark.parametrize(("is_on", "expected"), [(True, True), (False, False)])
def test_a_schedule_that_came_to_nothing(page, covid, is_on, expected):
    RetrainingPlan.objects.create(target=covid, is_on=is_on, every_days=7, skipped="unchanged")
    assert bool(page()[1]["covid-19"].skipped) == expected
