"""Run by test_run_race.py in a process of its own: eight administrators press the button at once,
and then two workers reach for the one run that came of it.

Prints {"started", "told", "runs", "audited", "claims"}.
"""

import json
import threading
from concurrent.futures import ThreadPoolExecutor

import django

django.setup()

from django.db import connection  # noqa: E402

from accounts.models import AuditEntry  # noqa: E402
from images.models import Target  # noqa: E402
from retraining.models import TrainingRun  # noqa: E402
from retraining.services import RunOpen, request_run  # noqa: E402
from tests import factories  # noqa: E402

PEOPLE, WORKERS = 8, 4


def main() -> None:
    people = [factories.UserFactory(site=None, role="administrator") for _ in range(PEOPLE)]
    target = Target.objects.get(code="covid-19")
    told = at_once(PEOPLE, lambda number: was_told(target, people[number]))
    run = TrainingRun.objects.get()
    owners = at_once(WORKERS, lambda _number: TrainingRun.objects.claim(run.pk))
    print(
        json.dumps(
            {
                "started": told.count(False),
                "told": told.count(True),
                "runs": TrainingRun.objects.count(),
                "audited": AuditEntry.objects.filter(subject="run").count(),
                "claims": sum(bool(owner) for owner in owners),
            }
        )
    )
    connection.close()


def at_once(count: int, act) -> list:
    together = threading.Barrier(count)

    def one(number: int):
        together.wait(timeout=60)
        try:
            return act(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def was_told(target, person) -> bool:
    try:
        request_run(target=target, architecture="covid-xr-c", by=person)
    except RunOpen:
        return True
    return False


if __name__ == "__main__":
    main()
