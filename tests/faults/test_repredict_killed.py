"""kill -9 in the middle of a re-prediction: every radiograph is answered for again, once."""

import pytest

from tests.installation import Installation

RADIOGRAPHS = 240
KILLS = 3

PREPARE = f"""
import tempfile
from pathlib import Path
import numpy as np
from images.models import Radiograph, Target
from images.services import patient_of
from inference import features, services
from inference.features import FeatureKey
from inference.ml.artifact import save
from inference.ml.heads import build_head
from tests.engines import manifest_of
from tests.factories import SiteFactory, UserFactory

with tempfile.TemporaryDirectory() as folder:
    artifact = Path(folder) / "artifact"
    save(artifact, manifest_of("1"), build_head("covid-xr-c", 25088, 2))
    target = Target.objects.get(code="covid-19")
    model = services.activate(target=target, artifact_dir=artifact, by=None, reason="test")
person = UserFactory(verified=False)
patient = patient_of(site=person.site, code="P-1")
patient.save()
rows = [
    Radiograph(
        patient=patient, site=person.site, uploader=person, pixel_sha256=f"{{number:064x}}",
        width=1, height=1, display_low=0, display_high=1,
    )
    for number in range({RADIOGRAPHS})
]
Radiograph.objects.bulk_create(rows)
random = np.random.default_rng(0)
features.keep_many({{
    FeatureKey(row.pixel_sha256, model.extractor, model.preprocessing):
        random.random(25088).astype(np.float16)
    for row in rows
}})
services.request_reprediction(model=model, by=None)
"""

WORK = """
from inference.services import repredict
repredict.CHUNK = 4
while repredict.work_on_reprediction():
    pass
"""
FORGET_THE_DEAD = """
from inference.models import RePrediction
RePrediction.objects.update(lease_until=None)
"""

COUNT_DONE = "SELECT count(*) FROM inference_prediction WHERE status = 'done'"
ALL = "SELECT radiograph_id, status FROM inference_prediction"
REQUEST = "SELECT status, answered FROM inference_reprediction"

pytestmark = [pytest.mark.faults, pytest.mark.slow, pytest.mark.redis, pytest.mark.timeout(600)]


def check(installation: Installation) -> None:
    installation.run_code(PREPARE)
    for _ in range(KILLS):
        installation.kill_in_the_middle(WORK, count=COUNT_DONE, of=RADIOGRAPHS)
        installation.run_code(FORGET_THE_DEAD)
    installation.run_code(WORK)
    rows = installation.rows(ALL)
    assert len(rows) == len({radiograph for radiograph, _ in rows}) == RADIOGRAPHS
    assert {status for _, status in rows} == {"done"}
    assert installation.rows(REQUEST) == [("done", RADIOGRAPHS)]


def test_on_sqlite(data_folder, private_redis):
    check(Installation(data_folder, private_redis, weights=data_folder / "none"))


@pytest.mark.postgres
def test_on_postgresql(tmp_path, redis_server, postgres_database):
    check(Installation(tmp_path, redis_server, tmp_path / "none", postgres_database))
