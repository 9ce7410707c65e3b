"""The key of the installation is made once and stays secret; signatures are of one content."""

import threading

import pytest

from retraining.transfer.signing import (
    KEY_FILE,
    BadSignature,
    Signature,
    fingerprint,
    own_public_key,
    sign,
    verify,
)


@pytest.fixture(autouse=True)
def own_data(settings, tmp_path):
    settings.DATA_DIR = tmp_path / "data"


def test_a_signature_is_of_its_content():
    verify(b"content", sign(b"content"))


@pytest.mark.parametrize("other", [b"contenT", b"", b"content "])
def test_another_content_is_noticed(other):
    with pytest.raises(BadSignature):
        verify(other, sign(b"content"))


def test_another_key_is_noticed():
    stranger = Signature("0" * 64, sign(b"content").signature)
    with pytest.raises(BadSignature):
        verify(b"content", stranger)


def test_the_key_is_made_once_and_readable_by_its_owner_alone(settings):
    first = own_public_key()
    path = settings.DATA_DIR / KEY_FILE
    assert path.stat().st_mode & 0o777 == 0o600
    assert own_public_key() == first
    assert [p.name for p in settings.DATA_DIR.iterdir()] == [KEY_FILE]


def test_processes_that_begin_together_agree_on_one_key():
    found, gate = set(), threading.Barrier(8)

    def begin():
        gate.wait()
        found.add(own_public_key())

    threads = [threading.Thread(target=begin) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 1


def test_a_damaged_key_is_not_silently_replaced(settings):
    own_public_key()
    (settings.DATA_DIR / KEY_FILE).write_bytes(b"short")
    with pytest.raises(OSError, match="damaged"):
        sign(b"content")


def test_the_private_key_is_in_nothing_that_leaves(settings):
    signature = sign(b"content")
    private = (settings.DATA_DIR / KEY_FILE).read_bytes().hex()
    assert private not in signature.public_key + signature.signature


def test_a_fingerprint_can_be_read_aloud():
    groups = fingerprint(own_public_key()).split(" ")
    assert [len(group) for group in groups] == [4] * 8


@pytest.mark.parametrize(
    "change",
    [
        {"algorithm": "none"}, {"public_key": "zz" * 32}, {"public_key": "ab" * 31},
        {"signature": ""}, {"signature": 5}, {"more": 1}, {"public_key": "AB" * 32},
    ],
    ids=str,
)  # fmt: skip
def test_a_malformed_signature_is_refused(change):
    with pytest.raises(BadSignature):
        Signature.from_dict(sign(b"content").to_dict() | change)


@pytest.mark.parametrize("content", [None, [], "text", {}])
def test_what_is_no_signature_is_refused(content):
    with pytest.raises(BadSignature):
        Signature.from_dict(content)
