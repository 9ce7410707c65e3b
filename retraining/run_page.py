"""What the page of a run shows and asks for again: stages, curves, time left, log."""

from datetime import timedelta
from typing import Any, Final

from django.utils import timezone
from django.utils.translation import gettext as _

from core.jobs import JobStatus
from core.sheets import line
from retraining import durations, failures, run_words
from retraining.models import RunLine, Stage, TrainingEpoch, TrainingRun

TAIL: Final = 60
# A new process of the lowest priority loads torch in some seconds where nothing else is going on.
PATIENCE: Final = timedelta(seconds=20)
CURVES: Final = (
    "train_loss", "validation_loss", "train_accuracy", "validation_accuracy", "train_auc",
    "validation_auc", "seconds",
)  # fmt: skip


def live(run: TrainingRun, since: int) -> dict[str, Any]:
    """The answer to one poll: the epochs after `since`, the rest as it stands now."""
    return {
        "status": run.status,
        "status_name": run.get_status_display(),
        "is_open": run.is_open,
        "stage": run.stage,
        "done": run.done,
        "total": run.total,
        "progress": progress_in_words(run),
        "elapsed": durations.in_words(elapsed(run)),
        "left": left_in_words(run),
        "waits": wait_in_words(run),
        "epochs": epochs_of(run, since),
        "lines": lines_of(run),
    }


def stages(run: TrainingRun) -> list[dict[str, Any]]:
    """Each stage with its state (done, now, waits, stopped) and the seconds it took."""
    order = list(Stage)
    place = order.index(Stage(run.stage))
    has_ended = run.status == "done"
    return [
        {
            "stage": stage,
            "state": _state(number, place, is_open=run.is_open, has_ended=has_ended),
            "seconds": run.timings.get(stage.value),
        }
        for number, stage in enumerate(order)
    ]


def _state(number: int, place: int, *, is_open: bool, has_ended: bool) -> str:
    if has_ended or number < place:
        return "done"
    if number > place:
        return "waits"
    return "now" if is_open else "stopped"


def epochs_of(run: TrainingRun, since: int = 0) -> list[dict[str, Any]]:
    rows = TrainingEpoch.objects.filter(run=run, epoch__gt=since).order_by("epoch")
    return list(rows.values("epoch", *CURVES))


def csv_of(run: TrainingRun) -> str:
    heads = ("epoch", *CURVES)
    rows = [[epoch[head] for head in heads] for epoch in epochs_of(run)]
    return "".join(line(["" if cell is None else cell for cell in row]) for row in [heads, *rows])


def lines_of(run: TrainingRun) -> list[dict[str, str]]:
    """The end of the log, oldest first, each with a key by which a browser knows it again."""
    newest = RunLine.objects.filter(run=run).order_by("-created_at", "-pk")[:TAIL]
    told = [(each, run_words.sentence_of(each)) for each in reversed(newest)]
    return [{"key": str(each.pk), "at": _clock(each), "text": text} for each, text in told if text]


def failure_of(run: TrainingRun) -> list[str]:
    """Why it ended without a version: one sentence, and one for each problem of the data."""
    if run.status != "failed":
        return []
    return failures.sentences_of(run.error_code, run.error_facts)


def elapsed(run: TrainingRun) -> float | None:
    """Seconds from the request to now, or to the end."""
    if run.seconds is not None:
        return run.seconds
    began = run.started_at or run.created_at
    return max(0.0, ((run.finished_at or timezone.now()) - began).total_seconds())


def progress_in_words(run: TrainingRun) -> str:
    if not run.is_open or not run.total:
        return ""
    facts = {"done": run.done, "total": run.total}
    if run.stage == Stage.TRAINING:
        return _("epoch %(done)d of %(total)d at most") % facts
    return _("%(done)d of %(total)d") % facts


def left_in_words(run: TrainingRun) -> str:
    if not run.is_open:
        return ""
    if run.seconds_left is None:
        return _("not known yet")
    if run.stage == Stage.TRAINING:
        return _("%(time)s of training at most") % {"time": durations.in_words(run.seconds_left)}
    return _("about %(time)s") % {"time": durations.in_words(run.seconds_left)}


def wait_in_words(run: TrainingRun) -> str:
    """Why nothing happens for longer than a worker needs to begin; empty where all is well."""
    now = timezone.now()
    if run.status == JobStatus.QUEUED and now - run.updated_at > PATIENCE:
        others = TrainingRun.objects.filter(status=JobStatus.RUNNING)
        return _("Another run is being trained. This one follows it.") if others else _yields()
    # A heartbeat that finds no moment to beat in, or a worker that died: another takes it over.
    has_no_pulse = run.lease_until is not None and run.lease_until < now
    return _yields() if run.status == JobStatus.RUNNING and has_no_pulse else ""


def _yields() -> str:
    return _(
        "Training gives way to everything else that this server computes, predictions first. It "
        "goes on as soon as the processor has room."
    )


def _clock(entry: RunLine) -> str:
    return timezone.localtime(entry.created_at).strftime("%H:%M:%S")
