"""Run by test_merge_race.py in a process of its own: uploads for a code while it is absorbed, and
merges of the same patients in both directions at once.

Prints {"patients", "strays": radiographs that are with nobody kept, "films"}.
"""

import io
import json
import threading
from concurrent.futures import ThreadPoolExecutor

import django

django.setup()

from django.db import connection  # noqa: E402

from images.errors import Refused  # noqa: E402
from images.models import Patient, Radiograph  # noqa: E402
from images.services import merge_patients, patient_of, store_radiograph  # noqa: E402
from tests import factories  # noqa: E402

ROUNDS, UPLOADS = 6, 4


def main() -> None:
    site = factories.SiteFactory()
    doctor = factories.UserFactory(site=site, role="doctor")
    seeds = iter(range(1000))
    for number in range(ROUNDS):
        one_round(doctor, f"K-{number}", f"A-{number}", seeds)
    patients = set(Patient.objects.values_list("pk", flat=True))
    owners = list(Radiograph.objects.values_list("patient", flat=True))
    result = {
        "patients": len(patients),
        "strays": sum(owner not in patients for owner in owners),
        "films": len(owners),
    }
    connection.close()
    print(json.dumps(result))


def one_round(doctor, kept: str, absorbed: str, seeds) -> None:
    first, second = (upload(doctor, code, next(seeds)).patient for code in (kept, absorbed))
    together = threading.Barrier(UPLOADS + 2)

    def run(work):
        together.wait(timeout=60)
        try:
            work()
        except Refused as refusal:
            if refusal.code != "patient-gone":
                raise
        finally:
            connection.close()

    def merge(one, other):
        return lambda: merge_patients(kept=one, absorbed=other, merged_by=doctor)

    def send(code, seed):
        return lambda: upload(doctor, code, seed)

    work = [merge(first, second), merge(second, first)]
    work += [send((kept, absorbed)[n % 2], next(seeds)) for n in range(UPLOADS)]
    with ThreadPoolExecutor(len(work)) as pool:
        list(pool.map(run, work))


def upload(doctor, code: str, seed: int) -> Radiograph:
    return store_radiograph(
        stream=io.BytesIO(factories.chest_png(seed)),
        patient=patient_of(site=doctor.site, code=code),
        uploader=doctor,
    ).radiograph


if __name__ == "__main__":
    main()
