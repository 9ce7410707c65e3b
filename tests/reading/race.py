"""Run by test_race.py in a process of its own: eight doctors read one worklist of 60 at once.

READINGS (1): how many doctors each case needs. Prints {"answers", "cases": how many were answered,
"twice": answers beyond what their case needs or by a reader who had read it, "strangers": answers
whose reader held no place there, "done", "lost": answers that a doctor was told of and that are
not in the database, "alone": whether one doctor read everything}.
"""

import json
import os
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import django

django.setup()

from django.db import connection  # noqa: E402

from reading.errors import NothingLeft  # noqa: E402
from reading.models import Finding, RadiologicalReading, Turn, TurnState  # noqa: E402
from reading.services import answer, hold_ahead, next_turn  # noqa: E402
from tests.reading import makers  # noqa: E402

DOCTORS, CASES = 8, 60
READINGS = int(os.environ.get("READINGS", "1"))


def main() -> None:
    site = makers.factories.SiteFactory()
    doctors = [makers.doctor_of(site) for _ in range(DOCTORS)]
    worklist = makers.make_worklist(site, doctors[0], CASES, READINGS)
    together = threading.Barrier(DOCTORS)

    def read(number):
        together.wait(timeout=60)
        try:
            return read_all(doctors[number], worklist, Finding.values[number % len(Finding.values)])
        finally:
            connection.close()

    with ThreadPoolExecutor(DOCTORS) as pool:
        told = list(pool.map(read, range(DOCTORS)))
    print(json.dumps(outcome(worklist, told)))
    connection.close()


def read_all(doctor, worklist, finding):
    """(case, reader, finding) of every answer, until nothing is left."""
    said = []
    while True:
        try:
            turn = next_turn(reader=doctor, reading_list=worklist)
        except NothingLeft:
            return said
        hold_ahead(reader=doctor, reading_list=worklist, turn=turn)
        answer(turn=turn, finding=finding)
        said.append((turn.case_id, doctor.pk, finding))


def outcome(worklist, told):
    rows = set(RadiologicalReading.objects.current().values_list("case", "reader", "finding"))
    seats = set(
        Turn.objects.filter(state=TurnState.ANSWERED).order_by().values_list("case", "reader")
    )
    people = Counter(case for case, _reader, _finding in rows)
    return {
        "answers": RadiologicalReading.objects.count(),
        "cases": len(people),
        "twice": sum(count > READINGS for count in people.values()),
        "strangers": sum((case, reader) not in seats for case, reader, _finding in rows),
        "done": worklist.cases.filter(state="done", readings_count=READINGS).count(),
        "lost": len({each for some in told for each in some} ^ rows),
        "alone": sum(bool(some) for some in told) == 1,
    }


if __name__ == "__main__":
    main()
