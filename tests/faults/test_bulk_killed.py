"""kill -9 in the middle of a bulk label: every radiograph is labelled, once."""

import pytest

from tests.installation import Installation

RADIOGRAPHS = 300
KILLS = 3

PREPARE = f"""
from uuid import uuid4
from accounts.roles import Role
from images.bulk import verbs
from images.models import Radiograph
from images.services import bulk, patient_of
from tests.factories import UserFactory

person = UserFactory(verified=False, role=Role.DOCTOR)
patient = patient_of(site=person.site, code="P-1")
patient.save()
Radiograph.objects.bulk_create(
    Radiograph(
        patient=patient, site=person.site, uploader=person, pixel_sha256=f"{{number:064x}}",
        width=1, height=1, display_low=0, display_high=1,
    )
    for number in range({RADIOGRAPHS})
)
bulk.start(
    key=uuid4(), verb=verbs()["label"], asked_by=person, query="",
    parameters={{"result": "positive", "tested_on": ""}},
)
"""
WORK = """
from images.bulk.label import Label
from images.services import bulk
Label.at_once = 5
while bulk.work_on_bulk():
    pass
"""
FORGET_THE_DEAD = """
from images.models import BulkAction
BulkAction.objects.update(lease_until=None)
"""
TRUTHS = "SELECT radiograph_id FROM images_groundtruth"
COUNT = "SELECT count(*) FROM images_groundtruth"
ACTION = "SELECT status, total, done_count, refused_count FROM images_bulkaction"

pytestmark = [pytest.mark.faults, pytest.mark.slow, pytest.mark.redis, pytest.mark.timeout(600)]


def check(installation: Installation) -> None:
    installation.run_code(PREPARE)
    for _ in range(KILLS):
        installation.kill_in_the_middle(WORK, count=COUNT, of=RADIOGRAPHS)
        installation.run_code(FORGET_THE_DEAD)
    installation.run_code(WORK)
    labelled = installation.rows(TRUTHS)
    assert len(labelled) == len(set(labelled)) == RADIOGRAPHS
    assert installation.rows(ACTION) == [("done", RADIOGRAPHS, RADIOGRAPHS, 0)]


def test_on_sqlite(data_folder, private_redis):
    check(Installation(data_folder, private_redis, weights=data_folder / "none"))


@pytest.mark.postgres
def test_on_postgresql(tmp_path, redis_server, postgres_database):
    check(Installation(tmp_path, redis_server, tmp_path / "none", postgres_database))
