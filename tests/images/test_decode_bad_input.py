"""Each bad file is refused for its own reason, and nothing but Unreadable comes out."""

import io
import re
import resource
import subprocess
import sys
import time
from string import Formatter

import pytest
from django.utils.translation import override

from images.decoding import SENTENCES, Limits, Unreadable, decode
from tests.images.malformed import BAD_FILES, deflated, dicom, picture, png, shades


def refusal(data: bytes, **limits: int) -> Unreadable:
    with pytest.raises(Unreadable) as refused:
        decode(io.BytesIO(data), limits=Limits(**limits))
    return refused.value


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_bad_file_is_refused_for_its_reason(name: str) -> None:
    code, build = BAD_FILES[name]
    assert refusal(build()).code == code


def test_every_reason_but_the_size_of_the_file_has_its_bad_file() -> None:
    assert {code for code, _ in BAD_FILES.values()} == set(SENTENCES) - {"too-large-file"}


def test_a_file_over_the_limit_is_refused_unread() -> None:
    refused = refusal(picture(shades()), max_bytes=100)
    assert refused.code == "too-large-file"


def test_a_file_at_the_limit_is_accepted() -> None:
    data = picture(shades())
    assert decode(io.BytesIO(data), limits=Limits(max_bytes=len(data)))


@pytest.mark.parametrize("code", SENTENCES)
def test_a_reason_is_one_complete_sentence(code: str) -> None:
    names = {name for _, name, _, _ in Formatter().parse(str(SENTENCES[code])) if name}
    with override("en"):
        sentence = str(Unreadable(code, **dict.fromkeys(names, 7)).sentence)
    assert re.fullmatch(r"[A-Z][^{}]+\.", sentence)


def test_an_unknown_reason_cannot_be_given() -> None:
    with pytest.raises(KeyError):
        Unreadable("because")


def test_the_limits_are_named_in_the_sentence() -> None:
    with override("en"):
        sentence = str(refusal(picture(shades(32, 32)), min_side=48).sentence)
    assert "48" in sentence


def test_the_least_side_is_64_pixels() -> None:
    assert refusal(picture(shades(63, 90))).code == "too-small"
    assert decode(io.BytesIO(picture(shades(64, 90)))).pixels.height == 64


def test_a_refusal_tells_nothing_of_the_file() -> None:
    refused = refusal(dicom(Modality="ROE^JANE"))
    assert refused.__suppress_context__ or refused.__context__ is None
    assert "ROE" not in f"{refused!r} {refused.sentence}".upper()


def test_a_deflated_file_is_unpacked_no_further_than_a_plain_one_may_be_long() -> None:
    packed = deflated()
    assert decode(io.BytesIO(packed), limits=Limits(max_bytes=2 * len(dicom())))
    assert refusal(packed, max_bytes=len(packed) + 10).code == "dicom-too-large"


def _bomb_in_a_process_of_its_own(data: bytes) -> tuple[str, float]:
    """Decode under a limit of address space; return the code, and the seconds of the decode."""
    script = (
        "import io, resource, sys, time, django\n"
        "from images.decoding import Unreadable, decode\n"
        "data = io.BytesIO(sys.stdin.buffer.read())\n"
        "used = int(open('/proc/self/statm').read().split()[0]) * resource.getpagesize()\n"
        "resource.setrlimit(resource.RLIMIT_AS, (used + 200_000_000,) * 2)\n"
        "start = time.perf_counter()\n"
        "try: decode(data)\n"
        "except Unreadable as refused: print(refused.code, time.perf_counter() - start)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], input=data, capture_output=True, check=True, timeout=60
    )
    code, seconds = done.stdout.decode().split()
    return code, float(seconds)


@pytest.mark.skipif(sys.platform != "linux", reason="measures memory through /proc")
@pytest.mark.parametrize(
    "name", ["png bomb", "jpeg bomb", "png text bomb", "dicom bomb", "deflated dicom bomb"]
)
def test_a_bomb_costs_less_than_a_second_and_200_megabytes(name: str) -> None:
    expected, build = BAD_FILES[name]
    code, seconds = _bomb_in_a_process_of_its_own(build())
    # A MemoryError would have come out as "damaged", so the code proves the memory as well,
    # except for the text bomb, whose own limit is the one that Pillow sets.
    assert code == expected
    assert seconds < 1


def test_a_bomb_leaves_the_memory_of_this_process_alone() -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    assert refusal(png(60_000, 60_000, rows=bytes(60_001))).code == "too-many-pixels"
    assert time.perf_counter() - start < 1
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000
