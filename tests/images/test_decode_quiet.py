"""Decoding neither logs what is in a header nor leaves the process mute."""

import io
import logging
import threading
import warnings

import pytest
from django.conf import settings

from images.decoding import decode
from images.decoding.quiet import quiet
from tests.images.malformed import dicom, radiograph, written


def test_nothing_of_a_header_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    dataset = radiograph()
    dataset.add_new(0x00100030, "DA", "19310203")
    data = written(dataset).replace(b"19310203", b"ROE JANE")
    with caplog.at_level(logging.DEBUG):
        decode(io.BytesIO(data + bytes(6)))
    assert "ROE" not in caplog.text
    assert not logging.getLogger("pydicom").isEnabledFor(logging.CRITICAL)


def test_configuring_logs_again_lets_nothing_out() -> None:
    assert settings.LOGGING["loggers"]["pydicom"]["level"] > logging.CRITICAL


def test_warnings_return_when_the_last_decode_ends() -> None:
    inside, leave = threading.Barrier(2), threading.Event()

    def other() -> None:
        with quiet():
            inside.wait()
            leave.wait(10)

    before = list(warnings.filters)
    thread = threading.Thread(target=other)
    with quiet():
        thread.start()
        inside.wait()
    warnings.warn("unheard, for the other one still decodes", UserWarning, stacklevel=1)
    leave.set()
    thread.join()
    assert list(warnings.filters) == before
    with pytest.raises(UserWarning, match="heard"):
        warnings.warn("heard again", UserWarning, stacklevel=1)


def test_many_threads_decode_at_once() -> None:
    hashes: list[str] = []
    threads = [
        threading.Thread(target=lambda: hashes.append(decode(io.BytesIO(dicom())).pixels.sha256))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(hashes) == 8
    assert len(set(hashes)) == 1
