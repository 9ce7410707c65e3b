"""Run by test_truth_race.py in a process of its own: ten people record the result of one radiograph
at once, each with another kit; of a first radiograph each says that they had seen none, of a second
nobody says what they had seen.

Prints for both {"rows", "current", "not_taken", "told": how many heard that another was first,
"chain": rows from the current one back to the first, "writers": people in the history, "audited"}.
"""

import json
import threading
from concurrent.futures import ThreadPoolExecutor

import django

django.setup()

from django.db import connection  # noqa: E402

from accounts.models import AuditEntry  # noqa: E402
from images.models import Target  # noqa: E402
from images.services import NOT_SAID, ChangedMeanwhile, record_truth  # noqa: E402
from tests import factories  # noqa: E402

WRITERS = 10


def main() -> None:
    site = factories.SiteFactory()
    people = [factories.UserFactory(site=site, role="doctor") for _ in range(WRITERS)]
    result = {
        name: one_race(people, number, expected)
        for number, (name, expected) in enumerate({"seen": None, "unsaid": NOT_SAID}.items())
    }
    connection.close()
    print(json.dumps(result))


def one_race(people, number: int, expected) -> dict[str, int]:
    film = factories.make_radiograph(uploader=people[0], seed=number)
    target = Target.objects.get(code="covid-19")
    together = threading.Barrier(WRITERS)

    def state(person: int) -> bool:
        """Was this writer told that another was first?"""
        together.wait(timeout=60)
        try:
            record_truth(
                radiograph=film, target=target, target_class=target.positive_class, tested_on=None,
                kit=f"Kit {person}", entered_by=people[person], expected=expected,
            )  # fmt: skip
        except ChangedMeanwhile:
            return True
        finally:
            connection.close()
        return False

    with ThreadPoolExecutor(WRITERS) as pool:
        told = list(pool.map(state, range(WRITERS)))
    return outcome(film) | {"told": sum(told)}


def outcome(film) -> dict[str, int]:
    rows = list(film.truths.all())
    current = [row for row in rows if row.is_current]
    by_key = {row.pk: row for row in rows}
    chain, key = 0, current[0].pk
    while key is not None:
        chain, key = chain + 1, by_key[key].supersedes_id
    return {
        "rows": len(rows),
        "current": len(current),
        "not_taken": sum(row.came_after_id == current[0].pk for row in rows),
        "chain": chain,
        "writers": len({row.entered_by_id for row in rows}),
        "audited": AuditEntry.objects.filter(subject="truth", subject_id=film.pk).count(),
    }


if __name__ == "__main__":
    main()
