"""The pages about models, by everybody: administrators of the whole platform alone."""

import pytest
from django.urls import reverse

from retraining.models import TrainingRun
from tests.images.conftest import SIGN_IN, WAITING, answer_of
from tests.retraining import registry

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bells")]
PEOPLE = (
    "anonymous", "pending", "health_worker", "doctor", "researcher", "site_administrator",
    "stranger", "administrator",
)  # fmt: skip
REFUSED = (SIGN_IN, WAITING, 403, 403, 403, 403, 403)
PAGES = ("dashboard", "target", "preflight", "run", "run_live", "run_csv", "version", "chart_csv")
VERBS = ("start", "run_cancel", "run_resume")


@pytest.fixture
def places(covid, administrator):
    """Each address with rows behind it."""
    run = registry.running(covid, administrator)
    version = registry.make_version(covid, administrator)
    arguments = {
        "dashboard": [], "target": [covid.code], "preflight": [covid.code], "start": [covid.code],
        "run": [run.pk], "run_live": [run.pk], "run_csv": [run.pk], "run_cancel": [run.pk],
        "run_resume": [run.pk], "version": [version.pk], "chart_csv": [version.pk, "roc"],
    }  # fmt: skip
    return {name: reverse(f"retraining:{name}", args=found) for name, found in arguments.items()}


def cells(names, allowed):
    return [
        pytest.param(name, who, expected, id=f"{name}-{who}")
        for name in names
        for who, expected in zip(PEOPLE, (*REFUSED, allowed), strict=True)
    ]


ASKED = {"preflight": {"architecture": "covid-xr-c"}}


@pytest.mark.parametrize(("name", "who", "expected"), cells(PAGES, 200))
def test_page(actor, places, name, who, expected):
    assert answer_of(actor(who).get(places[name], ASKED.get(name))) == expected


@pytest.mark.parametrize(("name", "who", "expected"), cells(VERBS[1:], 302))
def test_verb(actor, places, name, who, expected):
    assert answer_of(actor(who).post(places[name])) == expected


@pytest.mark.parametrize(("name", "who", "expected"), cells(VERBS[:1], 302))
def test_start(actor, places, name, who, expected):
    TrainingRun.objects.all().delete()
    assert answer_of(actor(who).post(places[name], {"architecture": "logistic"})) == expected
    assert TrainingRun.objects.exists() == (who == "administrator")


@pytest.mark.parametrize("name", VERBS)
def test_looking_changes_nothing(actor, places, name):
    assert actor("administrator").get(places[name]).status_code == 405
    assert TrainingRun.objects.get().status == "running"


@pytest.mark.parametrize("name", PAGES)
def test_pages_are_not_written_to(actor, places, name):
    assert actor("administrator").post(places[name]).status_code == 405


def test_what_is_not_there(actor, places, covid):
    client = actor("administrator")
    absent = "00000000-0000-4000-8000-000000000000"
    for name in ("run", "run_live", "run_csv", "version"):
        assert client.get(reverse(f"retraining:{name}", args=[absent])).status_code == 404
    assert client.get(reverse("retraining:target", args=["no-such-target"])).status_code == 404


def test_a_target_that_is_not_used_any_more(actor, places, covid):
    covid.is_active = False
    covid.save()
    assert actor("administrator").get(places["target"]).status_code == 404


@pytest.mark.parametrize(
    ("who", "expected"), [("administrator", True), ("site_administrator", False)]
)
def test_the_menu(actor, db, who, expected):
    page = actor(who).get("/").content.decode()
    assert (f'href="{reverse("retraining:dashboard")}"' in page) == expected
