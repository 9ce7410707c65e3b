"""kill -9 while one micro-batch is stored and the next is computed: all are answered, once."""

import sys

import pytest

from tests.installation import Installation

RADIOGRAPHS = 10  # two micro-batches and a half

PREPARE = f"""
import tempfile
from pathlib import Path
from images.models import Target
from inference import services
from inference.ml.artifact import save
from inference.ml.heads import build_head
from tests.engines import manifest_of
from tests.factories import UserFactory, make_radiograph

with tempfile.TemporaryDirectory() as folder:
    artifact = Path(folder) / "artifact"
    save(artifact, manifest_of("1"), build_head("covid-xr-c", 25088, 2))
    target = Target.objects.get(code="covid-19")
    services.activate(target=target, artifact_dir=artifact, by=None, reason="test")
person = UserFactory(verified=False)
for seed in range({RADIOGRAPHS}):
    make_radiograph(uploader=person, seed=seed, is_synthetic=True)
"""
ENGINE = """
from inference import gate, services, worker
from tests.engines import OpenGate, SmallEngine

gate.shipped_gate = OpenGate
worker.engine = lambda: engine
"""
# The engine kills its process at the second micro-batch, once the first one is where it should be.
DOOMED = """
import os, signal, threading
from inference.services import storing, work

is_there = threading.Event()

class Doomed(SmallEngine):
    def features_of(self, inputs):
        if self.batches:
            assert is_there.wait(60)
            os.kill(os.getpid(), signal.SIGKILL)
        return super().features_of(inputs)

def stay(*_):
    is_there.set()
    threading.Event().wait()

def after(verb):
    def then_stay(*given):
        verb(*given)
        stay()
    return then_stay

engine = Doomed()
{}
services.answer_waiting(seconds=600)
"""
MOMENTS = {
    "nothing is kept": "from inference import extraction; extraction.keep = stay",
    "the features are kept": "from inference import batch; batch.judge = stay",
    "all is written, not committed": "storing.note_standings = after(storing.note_standings)",
    "all is committed": "work._aftermath = stay",
}
AGAIN = """
from inference.models import Prediction
Prediction.objects.update(lease_until=None)
engine = SmallEngine()
while services.answer_waiting(seconds=600):
    pass
"""
DONE = "SELECT count(*) FROM inference_prediction WHERE status = 'done'"
ALL = "SELECT radiograph_id, status, attempts, probability FROM inference_prediction"
STANDINGS = "SELECT radiograph_id, standing FROM inference_standing"
VECTORS = "SELECT pixel_sha256 FROM inference_featurevector"

pytestmark = [pytest.mark.faults, pytest.mark.slow, pytest.mark.redis, pytest.mark.timeout(600)]


def die(installation: Installation, moment: str) -> None:
    command = (
        sys.executable,
        "manage.py",
        "shell",
        "-v",
        "0",
        "-c",
        ENGINE + DOOMED.format(MOMENTS[moment]),
    )
    with installation.process(command, "work.log") as process:
        assert process.wait(120) == -9, (installation.data / "work.log").read_text()[-3000:]


def check(installation: Installation, moment: str) -> None:
    installation.run_code(PREPARE)
    die(installation, moment)
    assert installation.rows(DONE) == [(4 if moment == "all is committed" else 0,)]
    installation.run_code(ENGINE + AGAIN)
    rows = installation.rows(ALL)
    assert len(rows) == len({radiograph for radiograph, *_ in rows}) == RADIOGRAPHS
    assert {status for _, status, *_ in rows} == {"done"}
    assert all(0 < probability < 1 for *_, probability in rows)
    assert sorted(attempts for _, _, attempts, _ in rows)[-4:] == [2] * 4
    standings = installation.rows(STANDINGS)
    assert len(standings) == RADIOGRAPHS
    assert {word for _, word in standings} <= {"positive", "negative"}
    assert len(set(installation.rows(VECTORS))) == RADIOGRAPHS


@pytest.mark.parametrize("moment", MOMENTS)
def test_on_sqlite(data_folder, private_redis, moment):
    check(Installation(data_folder, private_redis, data_folder / "none"), moment)


@pytest.mark.postgres
@pytest.mark.parametrize("moment", MOMENTS)
def test_on_postgresql(tmp_path, redis_server, postgres_database, moment):
    check(Installation(tmp_path, redis_server, tmp_path / "none", postgres_database), moment)
