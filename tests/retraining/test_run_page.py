"""The page of a run and what it asks for while the run goes on."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from core.jobs import JobStatus
from images.models import Target
from retraining.models import Lane, RunLine, Stage
from tests.retraining import registry

pytestmark = pytest.mark.usefixtures("bells")
ENGLISH = {"accept-language": "en"}


@pytest.fixture
def client(actor, covid):
    return actor("administrator")


@pytest.fixture
def show(client):
    def load(run) -> str:
        answer = client.get(reverse("retraining:run", args=[run.pk]), headers=ENGLISH)
        assert answer.status_code == 200
        return answer.content.decode()

    return load


@pytest.fixture
def ask(client):
    def poll(run, **asked):
        address = reverse("retraining:run_live", args=[run.pk])
        return client.get(address, asked, headers=ENGLISH)

    return poll


@pytest.fixture
def press(client):
    def send(name, run):
        address = reverse(f"retraining:run_{name}", args=[run.pk])
        return client.post(address, follow=True, headers=ENGLISH)

    return send


def stage_states(text: str) -> list[str]:
    return [part.split('"')[0] for part in text.split('data-state="')[1:]]


def test_an_open_run_asks_again_and_can_be_cancelled(show, covid):
    run = registry.running(covid)
    text = show(run)
    assert reverse("retraining:run_live", args=[run.pk]) in text
    assert reverse("retraining:run_cancel", args=[run.pk]) in text
    assert stage_states(text) == ["done", "done", "done", "now", "waits", "waits"]


def test_an_ended_run_asks_no_more(show, covid):
    version = registry.make_version(covid, run=registry.make_run(covid, status=JobStatus.DONE))
    text = show(version.run)
    assert reverse("retraining:run_live", args=[version.run.pk]) not in text
    assert reverse("retraining:version", args=[version.pk]) in text
    assert set(stage_states(text)) == {"done"}


def test_a_failed_run_says_why(show, covid):
    run = registry.make_run(
        covid, status=JobStatus.FAILED, error_code="not-finite", stage=Stage.TRAINING
    )
    text = show(run)
    assert "numbers that are not finite" in text
    assert "was not touched" in text
    assert stage_states(text)[3] == "stopped"


def test_a_refused_list_names_its_problems(show, covid):
    facts = {"problems": [{"code": "no-labels", "facts": {}}]}
    run = registry.make_run(
        covid, status=JobStatus.FAILED, error_code="snapshot-refused", error_facts=facts
    )
    assert "No radiograph has a confirmed result" in show(run)


def test_a_failed_run_of_a_whole_network_can_go_on(show, covid):
    facts = {"status": JobStatus.FAILED, "error_code": "worker-died"}
    slow = registry.make_run(covid, epochs=2, lane=Lane.SLOW, **facts)
    fast = registry.make_run(covid, epochs=2, **facts)
    assert reverse("retraining:run_resume", args=[slow.pk]) in show(slow)
    assert reverse("retraining:run_resume", args=[fast.pk]) not in show(fast)


def test_what_was_asked_for_is_shown(show, covid):
    run = registry.make_run(covid, spec={"epochs": 7, "sensitivity": 0.95, "recipe": "paper"})
    text = show(run)
    assert "As in the paper" in text
    assert "<dd>95.0</dd>" in text


def test_the_table_has_every_epoch(show, covid):
    text = show(registry.running(covid, epochs=4))
    table = text.partition('data-rows="loss"')[2].partition("</tbody>")[0]
    assert table.count("<tr>") == 4
    assert "<td>1</td><td>0.700</td><td>0.770</td>" in table


@pytest.mark.parametrize(("since", "epochs"), [(0, [1, 2, 3]), (2, [3]), (3, []), (99, [])])
def test_the_epochs_since(ask, covid, since, epochs):
    found = ask(registry.running(covid), since=since).json()
    assert [each["epoch"] for each in found["epochs"]] == epochs


def test_what_a_poll_knows(ask, covid):
    found = ask(registry.running(covid)).json()
    assert (found["status"], found["stage"], found["is_open"]) == ("running", "training", True)
    assert found["progress"] == "epoch 3 of 30 at most"
    assert found["left"] == "3 minutes of training at most"
    assert [each["text"] for each in found["lines"]] == [
        "A worker took the run: attempt 1.", "Training covid-xr-c: 30 epochs at most.",
    ]  # fmt: skip
    assert set(found["epochs"][0]) == {
        "epoch", "train_loss", "validation_loss", "train_accuracy", "validation_accuracy",
        "train_auc", "validation_auc", "seconds",
    }  # fmt: skip


def test_lines_of_another_version_are_left_out(ask, covid):
    run = registry.running(covid)
    RunLine.objects.create(run=run, code="from-the-future")
    assert len(ask(run).json()["lines"]) == 2


def test_the_end_of_a_long_log(ask, covid):
    run = registry.running(covid)
    for number in range(70):
        RunLine.objects.create(run=run, code="continued", facts={"epoch": number})
    lines = ask(run).json()["lines"]
    assert len(lines) == 60
    assert lines[-1]["text"] == "Goes on after epoch 69."


@pytest.mark.parametrize("since", ["-1", "x", "1e3", "²", "9" * 30, ""])
def test_since_is_a_number(ask, covid, since):
    assert ask(registry.running(covid), since=since).status_code == 400


def test_epochs_as_a_file(client, covid):
    run = registry.running(covid, epochs=2)
    answer = client.get(reverse("retraining:run_csv", args=[run.pk]))
    lines = answer.content.decode().splitlines()
    assert lines[0].startswith("epoch,train_loss,validation_loss")
    assert lines[1].startswith("1,0.7,")
    assert len(lines) == 3
    assert "attachment" in answer.headers["Content-Disposition"]


def test_cancel(press, covid):
    run = registry.running(covid)
    assert "was cancelled" in press("cancel", run).content.decode()
    run.refresh_from_db()
    assert run.status == JobStatus.CANCELLED


def test_cancel_too_late(press, covid):
    run = registry.make_run(covid, status=JobStatus.DONE)
    assert "had ended already" in press("cancel", run).content.decode()


def test_resume(press, covid):
    run = registry.make_run(covid, epochs=2, lane=Lane.SLOW, status=JobStatus.CANCELLED)
    press("resume", run)
    run.refresh_from_db()
    assert run.status == JobStatus.QUEUED


def test_nothing_to_go_on_with(press, covid):
    run = registry.make_run(covid, status=JobStatus.CANCELLED)
    assert "nothing to go on with" in press("resume", run).content.decode()


def test_resume_while_another_one_runs(press, covid):
    run = registry.make_run(covid, epochs=2, lane=Lane.SLOW, status=JobStatus.CANCELLED)
    other = registry.running(covid)
    text = press("resume", run).content.decode()
    assert f'href="{reverse("retraining:run", args=[other.pk])}"' in text
    run.refresh_from_db()
    assert run.status == JobStatus.CANCELLED


def ago(run, seconds: float, **facts) -> None:
    at = timezone.now() - timedelta(seconds=seconds)
    type(run).objects.filter(pk=run.pk).update(updated_at=at, **facts)


def test_who_waits_long_is_told_what_goes_first(ask, covid):
    run = registry.make_run(covid)
    assert ask(run).json()["waits"] == ""
    ago(run, 25)
    assert "gives way" in ask(run).json()["waits"]


def test_who_waits_for_another_run_is_told_so(ask, covid):
    other = Target.objects.get(code="chest-three-classes")
    run = registry.make_run(covid)
    registry.running(other)
    ago(run, 25)
    assert "Another run" in ask(run).json()["waits"]


@pytest.mark.parametrize(("lease", "words"), [(-1, "gives way"), (15, "")])
def test_a_run_whose_heart_found_no_moment_to_beat(ask, covid, lease, words):
    run = registry.running(covid)
    ago(run, 25, lease_until=timezone.now() + timedelta(seconds=lease))
    assert words in ask(run).json()["waits"]
    assert bool(ask(run).json()["waits"]) == bool(words)


def test_an_ended_run_waits_for_nothing(ask, covid):
    run = registry.make_run(covid, status=JobStatus.DONE)
    ago(run, 25)
    assert ask(run).json()["waits"] == ""
