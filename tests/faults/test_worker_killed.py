"""kill -9 of the whole worker during a hundred queued predictions: all exist, once."""

import pytest

from tests.development import vgg16_weights
from tests.installation import BEAT, WORKER, Installation, kill_group
from tests.servers import wait_until

RADIOGRAPHS = 100
KILLS = 3

PREPARE = f"""
import tempfile
from pathlib import Path
import torch
from images.models import Target
from inference import services
from inference.ml.artifact import save
from inference.ml.heads import build_head
from tests.factories import SiteFactory, UserFactory, make_radiograph
from tests.engines import manifest_of

with tempfile.TemporaryDirectory() as folder:
    artifact = Path(folder) / "artifact"
    save(artifact, manifest_of("1"), build_head("covid-xr-c", 25088, 2))
    target = Target.objects.get(code="covid-19")
    services.activate(target=target, artifact_dir=artifact, by=None, reason="test")
site = SiteFactory()
person = UserFactory(site=site, verified=False)
for seed in range({RADIOGRAPHS}):
    make_radiograph(site=site, uploader=person, seed=seed, is_synthetic=True)
"""

COUNT_DONE = "SELECT count(*) FROM inference_prediction WHERE status = 'done'"
COUNT_RUNNING = "SELECT count(*) FROM inference_prediction WHERE status = 'running'"
ALL = "SELECT radiograph_id, status, attempts, probability FROM inference_prediction"

pytestmark = [pytest.mark.faults, pytest.mark.slow, pytest.mark.redis, pytest.mark.timeout(900)]


def killed_and_restarted(installation: Installation) -> None:
    """Let workers begin and die, then one finish."""

    def done() -> int:
        return installation.rows(COUNT_DONE)[0][0]

    for _ in range(KILLS):
        before = done()
        with installation.process(WORKER, "worker.log") as worker:
            wait_until(lambda before=before: done() > before, 120, "one more prediction")
            wait_until(
                lambda: installation.rows(COUNT_RUNNING)[0][0] > 0, 30, "a prediction in progress"
            )
            kill_group(worker)
    assert done() < RADIOGRAPHS, "the worker finished before it was killed: nothing was tested"
    with installation.process(WORKER, "worker.log"):
        wait_until(lambda: done() >= RADIOGRAPHS, 240, "the end of all predictions")


def check(installation: Installation) -> None:
    installation.run_code(PREPARE)
    with installation.process(BEAT, "beat.log"):
        killed_and_restarted(installation)
    rows = installation.rows(ALL)
    assert len(rows) == len({radiograph for radiograph, *_ in rows}) == RADIOGRAPHS
    assert {status for _, status, _, _ in rows} == {"done"}
    assert all(0 < probability < 1 for *_, probability in rows)
    assert max(attempts for _, _, attempts, _ in rows) >= 2  # some were begun by a killed worker


def test_on_sqlite_and_a_private_broker(data_folder, private_redis):
    check(Installation(data_folder, private_redis, vgg16_weights()))


@pytest.mark.postgres
def test_on_postgresql_and_redis(tmp_path, redis_server, postgres_database):
    check(Installation(tmp_path, redis_server, vgg16_weights(), postgres_database))
