"""The page of a target: what a start would meet, the start, the second click, the registry."""

import pytest
from django.urls import reverse

from core.jobs import JobStatus
from retraining.forms.start import StartForm
from retraining.ml.architectures import ARCHITECTURES, SETTABLE, spec_of
from retraining.models import Purpose, TrainingRun, VaultLook
from retraining.views import dashboard
from tests.retraining import registry
from tests.retraining.lists import confirmed_cases

pytestmark = pytest.mark.usefixtures("bells")
ENGLISH = {"accept-language": "en"}


@pytest.fixture
def client(actor, covid):
    return actor("administrator")


@pytest.fixture
def start(client, covid):
    def send(**given):
        address = reverse("retraining:start", args=[covid.code])
        return client.post(address, {"architecture": "covid-xr-c"} | given, headers=ENGLISH)

    return send


@pytest.fixture
def show(client, covid):
    return lambda **asked: client.get(
        reverse("retraining:target", args=[covid.code]), asked, headers=ENGLISH
    )


@pytest.fixture
def preflight(client, covid):
    def ask(**asked):
        address = reverse("retraining:preflight", args=[covid.code])
        return client.get(address, {"architecture": "covid-xr-c"} | asked, headers=ENGLISH)

    return ask


def test_a_start_leads_to_the_run(start, administrator):
    answer = start(extractor="vgg16-block5", recipe="paper")
    run = TrainingRun.objects.get()
    assert answer.headers["Location"] == reverse("retraining:run", args=[run.pk])
    assert (run.requested_by, run.spec) == (administrator, {"recipe": "paper"})


def test_empty_fields_leave_the_recipe_alone(start):
    start(**dict.fromkeys(SETTABLE, ""))
    assert TrainingRun.objects.get().spec == {}


def test_what_is_filled_in_is_laid_over_the_recipe(start):
    start(epochs="7", learning_rate="0.01", sensitivity="95", error_rate="5", seed="0",
          balance="oversample", optimizer="rmsprop", batch_size="16", patience="3")  # fmt: skip
    spec = TrainingRun.objects.get().spec
    assert spec == {
        "epochs": 7, "learning_rate": 0.01, "sensitivity": 0.95, "error_rate": 0.05, "seed": 0,
        "balance": "oversample", "optimizer": "rmsprop", "batch_size": 16, "patience": 3,
    }  # fmt: skip
    assert spec_of("covid-xr-c", spec, classes=2, positive=1).epochs == 7


def test_a_whole_network_brings_its_own_extractor(start):
    start(architecture="cnn-64", extractor="vgg16-block5")
    assert TrainingRun.objects.get().extractor == "cnn-64"


@pytest.mark.parametrize(
    "wrong",
    [
        {"architecture": "gpt"}, {"architecture": ""}, {"extractor": "nothing"}, {"epochs": "0"},
        {"epochs": "501"}, {"learning_rate": "2"}, {"learning_rate": "nan"}, {"batch_size": "1"},
        {"sensitivity": "100"}, {"error_rate": "0"}, {"recipe": "secret"}, {"seed": "-1"},
        {"architecture": "cnn-64", "recipe": "paper-of-others"},
    ],
)  # fmt: skip
def test_what_cannot_be_trained_is_refused_with_a_word(start, wrong):
    answer = start(**wrong)
    assert answer.status_code == 400
    assert answer.context["form"].errors
    assert not TrainingRun.objects.exists()


@pytest.mark.parametrize("code", ARCHITECTURES)
def test_every_architecture_can_be_chosen(covid, code):
    form = StartForm({"architecture": code})
    assert form.is_valid(), form.errors
    spec_of(code, form.overrides(), classes=2, positive=1)


def test_a_second_start_is_refused_with_the_way_to_the_first(start):
    start()
    first = TrainingRun.objects.get()
    answer = start(architecture="logistic")
    assert answer.status_code == 409
    assert TrainingRun.objects.get() == first
    text = answer.content.decode()
    assert "under way already" in text
    assert f'href="{reverse("retraining:run", args=[first.pk])}"' in text


def test_other_targets_do_not_stand_in_the_way(start, client):
    start()
    other = reverse("retraining:start", args=["chest-three-classes"])
    assert client.post(other, {"architecture": "logistic"}).status_code == 302


def test_an_open_run_takes_the_place_of_the_form(show, covid):
    assert "data-start-form novalidate>" in show().content.decode()
    registry.running(covid)
    assert "data-start-form novalidate hidden>" in show().content.decode()


def test_the_registry_lists_the_newest_first(show, covid):
    versions = [registry.make_version(covid) for _number in range(3)]
    registry.serve(versions[0])
    answer = show()
    assert [line.version for line in answer.context["versions"]] == versions[::-1]
    assert [line.duty for line in answer.context["versions"]] == ["", "", "live"]


def test_the_registry_has_pages(show, covid, monkeypatch):
    monkeypatch.setattr(dashboard, "PER_PAGE", 1)
    versions = [registry.make_version(covid) for _number in range(2)]
    assert [line.version for line in show(page=2).context["versions"]] == [versions[0]]


def test_looks_at_the_test_labels_are_counted(show, covid, administrator):
    snapshot = registry.make_snapshot(covid)
    VaultLook.objects.create(
        snapshot=snapshot, target=covid, purpose=Purpose.AUDIT, about="covid-19-4", cases=20,
        looked_by=administrator,
    )  # fmt: skip
    answer = show()
    assert answer.context["looks_count"] == 1
    assert "covid-19-4" in answer.content.decode()


def test_runs_are_listed_with_how_they_ended(show, covid, administrator):
    run = registry.make_run(covid, administrator, status=JobStatus.CANCELLED)
    text = show().content.decode()
    assert reverse("retraining:run", args=[run.pk]) in text
    assert "Cancelled" in text


def test_preflight_without_cases_says_why_not(preflight):
    answer = preflight()
    assert answer.context["found"].may_start is False
    assert "Cannot start" in answer.content.decode()


def test_preflight_counts(preflight, covid, site, other_site):
    for number, place in enumerate((site, other_site)):
        confirmed_cases(150, site=place, first=1000 * number)
    answer = preflight()
    found = answer.context["found"]
    assert (found.may_start, found.cases, found.missing) == (True, 300, 300)
    text = answer.content.decode()
    assert "Ready" in text
    assert site.name in text
    assert sum(part.cases for part in answer.context["parts"]) == 300


def test_preflight_of_a_whole_network_counts_no_features(preflight):
    assert "Features to be made" in preflight().content.decode()
    assert "Features to be made" not in preflight(architecture="cnn-64").content.decode()


@pytest.mark.parametrize("asked", [{"architecture": "x"}, {"extractor": "x"}])
def test_preflight_of_nonsense(preflight, asked):
    assert preflight(**asked).status_code == 400
