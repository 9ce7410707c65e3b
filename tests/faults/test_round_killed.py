"""kill -9 in the middle of a round: each film is stored once, and nothing else is left."""

import pytest

from tests.forks import forks
from tests.installation import Installation

pytestmark = [pytest.mark.faults, pytest.mark.slow, pytest.mark.timeout(600)]

FILMS = 6

PREPARE = f"""
from tests.factories import UserFactory
from tests.images.rounds import films, opened, send
send(opened(UserFactory(verified=False)), *films(*range({FILMS})))
"""
KILLED = """
import os, signal
from images import spool
from images.models import IncomingFile
from images.models.batch import IncomingFileQuerySet
from images.services import files, intake, intake_together, store_together
from images.signals import images_ready

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

def at_the(count, function):
    calls = []
    def counted(*args, **options):
        calls.append(1)
        if len(calls) == count:
            die()
        return function(*args, **options)
    return counted

{when}
intake.take_in_round(is_over=lambda: False)
"""
MOMENTS = {
    "decoding": "intake_together.opened = at_the(3, intake_together.opened)",
    "writing files": "files._write = at_the(3, files._write)",
    "files written": "store_together.settled_together = die",
    "rows written": "images_ready.connect(die)",
    "rows closed": (
        "finish = IncomingFileQuerySet.finish_each\n"
        "IncomingFileQuerySet.finish_each = lambda *args: (finish(*args), die())"
    ),
    "committed": "spool.drop = at_the(3, spool.drop)",
}
# The lease of a killed worker runs out, and an hour passes for what nobody owns.
AFTERWARDS = """
from datetime import timedelta
from images.models import IncomingFile
from images.services import intake, leftovers, orphans, sweep
IncomingFile.objects.update(lease_until=None)
while intake.take_in_round(is_over=lambda: False):
    pass
leftovers.SETTLED = orphans.GRACE = timedelta()
leftovers.drop_leftovers()
assert not sweep.sweep_all().findings
"""
VERDICTS = "SELECT outcome, max(attempts), count(*) FROM images_incomingfile GROUP BY 1"
STORED = "SELECT count(*), count(DISTINCT source_sha256) FROM images_radiograph"
BECAME = "SELECT count(DISTINCT radiograph_id) FROM images_incomingfile"
COUNTED = "SELECT sum(radiographs) FROM images_storageuse"
DEEDS = "SELECT count(*) FROM accounts_auditentry WHERE subject = 'radiograph'"


@pytest.mark.parametrize("moment", list(MOMENTS))
def test_on_sqlite(moment, data_folder):
    check(Installation(data_folder, "locmem://", data_folder / "none"), moment)


@pytest.mark.postgres
@pytest.mark.parametrize("moment", ["rows closed", "committed"])
def test_on_postgresql(moment, tmp_path, postgres_database):
    check(Installation(tmp_path, "locmem://", tmp_path / "none", postgres_database), moment)


def check(installation: Installation, moment: str) -> None:
    with forks(installation.environment, installation.data / "work.log") as run:
        assert run(PREPARE) == 0, (installation.data / "work.log").read_text()
        assert run(KILLED.replace("{when}", MOMENTS[moment])) == -9
        assert run(AFTERWARDS) == 0, (installation.data / "work.log").read_text()
    tries = 1 if moment == "committed" else 2
    assert installation.rows(VERDICTS) == [("created", tries, FILMS)]
    assert installation.rows(STORED) == [(FILMS, FILMS)]
    for question in (BECAME, COUNTED, DEEDS):
        assert installation.rows(question) == [(FILMS,)]
    assert len(files_of(installation, "radiographs")) == 2 * FILMS
    assert files_of(installation, "intake") == []


def files_of(installation: Installation, folder: str) -> list[str]:
    return [path.name for path in (installation.data / folder).rglob("*") if path.is_file()]
