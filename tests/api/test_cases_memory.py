"""The exports are made while they are sent: early first byte, flat memory."""

import time
import tracemalloc
import uuid

import pytest

from images.models import Radiograph
from tests import factories

MEGABYTE = 1024 * 1024
CASES = 600
PICTURE_BYTES = 400_000


@pytest.fixture
def many(site, doctor):
    """600 confirmed cases that share one picture of 400 kB: 240 MB of archive."""
    first = factories.make_radiograph(site=site, uploader=doctor, rt_pcr="positive")
    with first.file.storage.open(first.file.name, "ab") as picture:
        picture.write(bytes(PICTURE_BYTES - picture.tell()))
    truth = first.truths.get()
    copies = [copy_of(first, number) for number in range(CASES - 1)]
    Radiograph.objects.bulk_create(copies)
    type(truth).objects.bulk_create(
        type(truth)(
            radiograph=copy, target=truth.target, target_class=truth.target_class,
            entered_by=doctor,
        )
        for copy in copies
    )  # fmt: skip


def copy_of(first: Radiograph, number: int) -> Radiograph:
    copied = Radiograph.objects.get(pk=first.pk)
    copied.pk, copied.pixel_sha256 = uuid.uuid4(), f"{number:064x}"
    return copied


def consumed(response) -> tuple[int, int]:
    """Bytes sent and the highest memory meanwhile, both in bytes."""
    tracemalloc.start()
    try:
        sent = sum(len(piece) for piece in response.streaming_content)
        return sent, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_zip_in_flat_memory(many, doctor, sign_in):
    sent, peak = consumed(sign_in(doctor).get("/api/v1/cases.zip"))

    assert sent > CASES * PICTURE_BYTES
    assert peak < 12 * MEGABYTE


def test_csv_in_flat_memory(many, doctor, sign_in):
    sent, peak = consumed(sign_in(doctor).get("/api/v1/cases.csv"))

    assert sent > CASES * 200
    assert peak < 8 * MEGABYTE


@pytest.mark.parametrize("kind", ["csv", "zip"])
def test_first_byte_comes_early(kind, many, doctor, sign_in):
    client = sign_in(doctor)
    started = time.monotonic()

    response = client.get(f"/api/v1/cases.{kind}")
    next(iter(response.streaming_content))
    response.close()

    assert time.monotonic() - started < 1
