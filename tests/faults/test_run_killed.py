"""kill -9 in every epoch of a run of a whole network: it goes on and ends as if undisturbed."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tests.forks import forks
from tests.installation import Installation

EPOCHS = 4

PREPARE = """
from accounts.roles import Role
from tests.factories import UserFactory
from tests.retraining.slow.cases import make_films
make_films(UserFactory(verified=False, role=Role.DOCTOR))
"""
REQUEST = f"""
from images.models import Target
from retraining.services import request_run
target = Target.objects.get(code="covid-19")
overrides = {{"epochs": {EPOCHS}, "batch_size": 8}}
run = request_run(target=target, architecture="cnn-64", overrides=overrides)
print(run.pk.hex)
"""
# The leases of the dead are over at once, instead of in twenty seconds.
WORK = """
import os, signal
from datetime import timedelta
from django.utils import timezone
from retraining.ml.slow import checkpoint
from retraining.ml.slow.fit import Fit
from retraining.pipeline import run as pipeline
from retraining.models import TrainingRun
from retraining.services import resume_runs, work_on_run
TrainingRun.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
resume_runs()
def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)
{patch}
work_on_run()
"""
IN_A_BATCH = """
def learn(fit, *batch, real=Fit._learn, seen=[]):
    if len(fit.history) == {epoch} - 1:
        seen.append(1)
        if len(seen) == 2:
            die()
    return real(fit, *batch)
Fit._learn = learn
"""
IN_ITS_CHECKPOINT = """
def written(path, state, real=checkpoint._written, seen=[]):
    seen.append(1)
    if len(seen) == {nth}:
        path.write_bytes(b"torn")
        die()
    return real(path, state)
checkpoint._written = written
"""
AFTER_ITS_CHECKPOINT = """
def save(folder, progress, real=checkpoint.save, **parts):
    real(folder, progress, **parts)
    if progress.epoch == {epoch}:
        die()
checkpoint.save = save
"""
WHILE_EVALUATING = "pipeline.evaluate = die"
BEFORE_ANY_EPOCH = "Fit.epoch = die"

# One moment in each epoch, as the run goes on from the last whole one.
KILLS = (
    BEFORE_ANY_EPOCH,
    IN_A_BATCH.format(epoch=1),
    # Epoch 1 is kept by the first three files; the torn one is the network of epoch 2.
    IN_ITS_CHECKPOINT.format(nth=4),
    AFTER_ITS_CHECKPOINT.format(epoch=3),
    IN_A_BATCH.format(epoch=4),
    WHILE_EVALUATING,
)
RUN = "SELECT status, error_code FROM retraining_trainingrun ORDER BY created_at"
CONTINUED = "SELECT facts FROM retraining_runline WHERE code = 'continued' ORDER BY created_at"
EPOCH_ROWS = (
    "SELECT epoch, train_loss, validation_loss, validation_auc FROM retraining_trainingepoch "
    "JOIN retraining_trainingrun run ON run.id = run_id WHERE run.created_at = "
    "(SELECT {which}(created_at) FROM retraining_trainingrun) ORDER BY epoch"
)
VERSIONS = """
import json
from inference.artifact_store import kept_folder
from inference.ml import artifact
from inference.models import DeployedModel
from retraining.models import ModelVersion
told = []
for version in ModelVersion.objects.order_by("number"):
    manifest = artifact.load(kept_folder(version.artifact)).manifest
    told.append({
        "figures": version.figures, "evaluation": version.evaluation,
        "weights": [manifest.weights_sha256, manifest.backbone_sha256],
        "chosen": [manifest.threshold, manifest.temperature, manifest.conformal],
    })
print(json.dumps({"versions": told, "serving": DeployedModel.objects.count()}))
"""

pytestmark = [pytest.mark.faults, pytest.mark.slow, pytest.mark.timeout(900)]


@contextmanager
def workers(installation: Installation) -> Iterator[Callable[[str], int]]:
    """Yields `work(patch)`: the exit status of a worker, -9 when it was killed."""
    with forks(installation.environment, installation.data / "work.log") as run:

        def work(patch: str) -> int:
            status = run(WORK.format(patch=patch))
            assert status in (0, -9), (installation.data / "work.log").read_text()[-3000:]
            return status

        yield work


def killed_everywhere(installation: Installation, work: Callable[[str], int]) -> None:
    for patch in KILLS:
        assert work(patch) == -9, patch
        assert installation.rows(RUN)[-1][0] == "running"
    assert work("") == 0


def continued_after(installation: Installation) -> list[int]:
    """The epochs after which workers went on (SQLite gives text, PostgreSQL an object)."""
    rows = [facts for (facts,) in installation.rows(CONTINUED)]
    return [(json.loads(f) if isinstance(f, str) else f)["epoch"] for f in rows]


def check(installation: Installation) -> None:
    installation.run_code(PREPARE + REQUEST)
    with workers(installation) as work:
        killed_everywhere(installation, work)
        assert continued_after(installation) == [1, 3, 3]
        installation.run_code(REQUEST)
        assert work("") == 0
    assert installation.rows(RUN) == [("done", ""), ("done", "")]
    told = json.loads(installation.run_code(VERSIONS).splitlines()[-1])
    disturbed, undisturbed = told["versions"]
    assert disturbed == undisturbed
    assert told["serving"] == 0
    rows = [installation.rows(EPOCH_ROWS.format(which=which)) for which in ("min", "max")]
    assert len(rows[0]) == EPOCHS
    assert rows[0] == rows[1]
    assert not [path for path in (installation.data / "runs").iterdir() if path.is_dir()]


def test_on_sqlite(data_folder):
    check(Installation(data_folder, "locmem://", weights=data_folder / "none"))


@pytest.mark.postgres
def test_on_postgresql(tmp_path, postgres_database):
    check(Installation(tmp_path, "locmem://", tmp_path / "none", postgres_database))


def test_who_dies_three_times_in_the_same_batch_is_buried(data_folder):
    """Also when an epoch was learnt before: what a checkpoint tells again is no news."""
    installation = Installation(data_folder, "locmem://", weights=data_folder / "none")
    installation.run_code(PREPARE + REQUEST)
    deaths = 0
    with workers(installation) as work:
        while work(IN_A_BATCH.format(epoch=2)) == -9:
            deaths += 1
            assert deaths <= 3
    assert deaths == 3
    assert installation.rows(RUN) == [("failed", "worker-died")]
