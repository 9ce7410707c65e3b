"""What an archive is refused for as a whole, and what each of its members."""

import io
import subprocess
import sys
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from images.archives import Caps, is_archive, opened
from images.errors import Refused
from tests.images import zips
from tests.images.zips import FILM, archive, raw

CAPS = Caps(member=64 * 2**20, total=2**32)


def verdicts(content: bytes, caps: Caps = CAPS) -> dict[str, str]:
    """Each member's name and code ("" for one that was inflated), or {"": code} for all."""
    found = {}
    try:
        with opened(io.BytesIO(content), caps) as file:
            for member in file.members:
                try:
                    if member.refusal:
                        found[member.name] = member.refusal
                        continue
                    size = sum(map(len, file.inflated(member)))
                    assert size == member.size
                    found[member.name] = ""
                except Refused as refusal:
                    found[member.name] = refusal.code
    except Refused as refusal:
        return {"": refusal.code}
    return found


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_bytes_come_out_as_they_went_in(compression):
    with opened(io.BytesIO(archive(("a/b.png", FILM), compression=compression)), CAPS) as file:
        (member,) = file.members
        assert (member.name, member.size) == ("a/b.png", len(FILM))
        assert b"".join(file.inflated(member)) == FILM


@pytest.mark.parametrize(
    ("make", "code"),
    [
        pytest.param(zips.bomb, "archive-bomb", id="bomb"),
        pytest.param(zips.overlapping, "archive-bomb", id="overlapping"),
        pytest.param(lambda: zips.many(5_001), "archive-many-files", id="5,001 files"),
        pytest.param(lambda: zips.many(100_000), "archive-many-files", id="100,000 files"),
        pytest.param(lambda: zips.many(100_000, 10), "archive-many-files", id="forged number"),
        pytest.param(lambda: zips.many(6_000, 10), "archive-many-files", id="forged a little"),
        pytest.param(lambda: archive(), "archive-empty", id="empty"),
        pytest.param(lambda: archive(("a/", b"")), "archive-empty", id="folders only"),
        pytest.param(lambda: archive(("a.png", FILM))[:-30], "archive-damaged", id="cut"),
        pytest.param(lambda: b"PK\x03\x04" + bytes(500), "archive-damaged", id="a head only"),
        pytest.param(lambda: b"PK\x05\x06" + bytes(18), "archive-empty", id="an end only"),
        pytest.param(lambda: b"PK\x05\x06", "archive-damaged", id="4 bytes"),
    ],
)
def test_refused_as_a_whole(make, code):
    assert verdicts(make()) == {"": code}


def test_more_than_the_disk_is_to_take():
    content = archive(*((f"{n}.png", FILM) for n in range(4)))

    assert verdicts(content, Caps(2**20, 3 * len(FILM))) == {"": "archive-bomb"}


@pytest.mark.parametrize(
    ("content", "code"),
    [
        pytest.param(zips.symlink(), "member-link", id="symlink"),
        pytest.param(raw([{"name": b"a.png", "content": FILM, "flags": 1}, {"name": b"b.png", "content": FILM}]), "member-encrypted", id="encrypted"),  # noqa: E501
        pytest.param(raw([{"name": b"a.png", "content": FILM, "method": 14}, {"name": b"b.png", "content": FILM}]), "member-method", id="lzma"),  # noqa: E501
        pytest.param(raw([{"name": b"a.png", "content": FILM, "crc": 1}, {"name": b"b.png", "content": FILM}]), "member-damaged", id="checksum"),  # noqa: E501
        pytest.param(raw([{"name": b"a.png", "content": FILM, "size": 10**4}, {"name": b"b.png", "content": FILM}]), "member-damaged", id="too small for its size"),  # noqa: E501
        pytest.param(raw([{"name": b"a.png", "content": FILM, "size": 100}, {"name": b"b.png", "content": FILM}]), "member-damaged", id="too large for its size"),  # noqa: E501
        pytest.param(raw([{"name": b"a.png", "data": b"\xff" * 90, "size": 80, "crc": 1, "method": 8}, {"name": b"b.png", "content": FILM}]), "member-damaged", id="no deflate"),  # noqa: E501
        pytest.param(archive(("a.png", archive(("x.png", FILM))), ("b.png", FILM)), "member-archive", id="nested"),  # noqa: E501
        pytest.param(archive(("metadata.CSV", b"a,b"), ("b.png", FILM)), "member-table", id="csv"),
        pytest.param(archive(("table.xlsx", b"PK\x03\x04"), ("b.png", FILM)), "member-table", id="xlsx"),  # noqa: E501
        pytest.param(archive(("study/DICOMDIR", FILM), ("b.png", FILM)), "dicom-directory", id="dicomdir"),  # noqa: E501
        pytest.param(archive(("a.png", b""), ("b.png", FILM)), "empty", id="empty member"),
    ],
)  # fmt: skip
def test_member_is_refused_and_the_others_go_on(content, code):
    assert sorted(verdicts(content).values()) == ["", code]


@pytest.mark.parametrize(
    "name",
    [b"../../evil.png", b"/etc/cron.d/evil", b"a/../../evil.png", b"C:\\evil.png",
     b"\\\\host\\evil.png", b"..\\evil.png", b"a.png\0.exe", b"a\nb.png", b"x" * 300],
)  # fmt: skip
def test_bad_names(name):
    found = verdicts(raw([{"name": name, "content": FILM}, {"name": b"b.png", "content": FILM}]))

    assert sorted(found.values()) == ["", "bad-name"]
    assert all(shown.isprintable() for shown in found)


def test_name_of_twice_the_same_letters():
    content = archive(("a.png", FILM), ("A.png", FILM + b"1"))

    assert verdicts(content) == {"a.png": "", "A.png": ""}


def test_two_hundred_folders():
    name = "d/" * 200 + "a.png"

    assert verdicts(archive((name, FILM))) == {name: ""}


def test_too_large_for_a_film():
    content = archive(("a.png", FILM), ("b.png", FILM * 2))

    assert verdicts(content, Caps(len(FILM), 2**20)) == {"a.png": "", "b.png": "too-large-file"}


def test_litter_is_passed_over():
    litter = ("__MACOSX/._a.png", ".DS_Store", "x/Thumbs.db", "desktop.ini", "x/._b", "folder/")

    content = archive(
        *((name, b"x" if name[-1] != "/" else b"") for name in litter), ("a.png", FILM)
    )

    assert verdicts(content) == {"a.png": ""}


def test_comment_of_the_largest_size():
    content = raw([{"name": b"a.png", "content": FILM}], comment=b"c" * 65_535)

    assert verdicts(content) == {"a.png": ""}


def test_zip64():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file, file.open("a.png", "w", force_zip64=True) as member:
        member.write(FILM)

    assert verdicts(buffer.getvalue()) == {"a.png": ""}


def test_lying_bomb_gives_out_no_more_than_it_declares():
    found = verdicts(zips.lying_bomb())

    assert found in ({"a.png": "member-damaged", "b.png": ""}, {"": "archive-bomb"})


@pytest.mark.parametrize(
    ("head", "is_one"), [(b"PK\x03\x04", True), (b"PK\x05\x06", True), (b"PK", False), (b"", False)]
)
def test_recognised_by_its_first_bytes(head, is_one):
    assert is_archive(head) is is_one


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_changed_bytes_never_surprise(data):
    content = bytearray(archive(("a.png", FILM[:500]), ("b/c.dcm", b"DICM" * 50)))
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(content)))

    verdicts(bytes(content[:cut] if data.draw(st.booleans()) else content))


COST = """
import io, resource, sys, time
import django; django.setup()
from tests.images import zips
content = getattr(zips, sys.argv[1])(*map(int, sys.argv[2:]))
from tests.images.test_archives import verdicts
before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
verdicts(content)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
print(time.process_time() - began)
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    "bad",
    [
        ("bomb", "300"),
        ("lying_bomb",),
        ("overlapping",),
        ("many", "100000"),
        ("many", "40000", "1"),
    ],
    ids=" ".join,
)
def test_refusal_costs_little(bad):
    ended = subprocess.run(
        [sys.executable, "-c", COST, *bad], capture_output=True, text=True, timeout=120
    )
    assert ended.returncode == 0, ended.stderr[-2000:]
    megabytes, seconds = map(float, ended.stdout.split())

    assert (megabytes < 200, seconds < 1) == (True, True), ended.stdout
