"""Bodies of bundles: parts are found as Django's own parser finds them, however clients write."""

import io

import pytest
from django.http.multipartparser import MultiPartParserError
from hypothesis import given, settings
from hypothesis import strategies as st

from images import bundles
from images.bundles import parts_of, read_all

BOUNDARY = b"b"
# Almost boundaries, so that they are found only where they are whole.
PIECES = st.sampled_from([b"\r\n", b"--", b"b", b"\r", b"\n", b"\r\n--", b"--b", b"x", b"\x00"])


def body_of(*parts: tuple[str, bytes], boundary: bytes = BOUNDARY) -> bytearray:
    body = bytearray()
    for head, content in parts:
        body += b"--" + boundary + b"\r\n" + head.encode() + b"\r\n\r\n" + content + b"\r\n"
    return body + b"--" + boundary + b"--\r\n"


def found(body: bytearray) -> list[tuple[str, str | None, bytes]]:
    return [(part.field, part.file_name, bytes(part.content)) for part in parts_of(body, BOUNDARY)]


def head(rest: str) -> str:
    return f"Content-Disposition: form-data; {rest}"


@settings(deadline=None)
@given(st.lists(st.lists(PIECES).map(b"".join), max_size=4))
def test_any_content_comes_out_as_it_went_in(contents):
    wanted = [content for content in contents if b"\r\n--b" not in b"\r\n" + content]
    body = body_of(*((head('name="file"; filename="a"'), content) for content in wanted))

    assert found(body) == [("file", "a", content) for content in wanted]


@settings(deadline=None)
@given(st.lists(PIECES | st.binary(max_size=20)).map(b"".join))
def test_any_body_is_understood_or_refused(content):
    try:
        parts = found(bytearray(content))
    except MultiPartParserError:
        return
    assert sum(len(each[2]) for each in parts) <= len(content)


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ('filename="a.png"', "a.png"),
        ("filename=a.png", "a.png"),
        ('filename="a;b.png"', "a;b.png"),
        (r'filename="a\"b.png"', 'a"b.png'),
        ('filename="radiografía.png"', "radiografía.png"),
        ("filename*=UTF-8''radiograf%C3%ADa.png", "radiografía.png"),
        ('filename=""', ""),
        ('filename="ward/a.png"', "ward/a.png"),
    ],
)
def test_names_as_clients_write_them(written, name):
    assert found(body_of((head(f'name="file"; {written}'), b"x"))) == [("file", name, b"x")]


def test_field_without_a_file_name_is_no_file():
    assert found(body_of((head('name="sha256"'), b"abc"))) == [("sha256", None, b"abc")]


def test_other_headers_are_passed_over():
    lines = (
        "Content-Type: image/png\r\ncontent-disposition: form-data; name=file; filename=a\r\nX: y"
    )

    assert found(body_of((lines, b"x"))) == [("file", "a", b"x")]


def test_part_without_headers_has_no_name():
    assert found(bytearray(b"--b\r\n\r\nx\r\n--b--")) == [("", None, b"x")]


def test_what_stands_before_and_after_is_no_part():
    body = b"preamble\r\n" + body_of((head('name="file"'), b"x")) + b"epilogue"

    assert found(bytearray(body)) == [("file", None, b"x")]


def test_endless_header_is_refused():
    body = body_of((head("x" * bundles.MAX_HEAD_BYTES), b"x"))

    with pytest.raises(MultiPartParserError):
        found(body)


def test_unknown_encoding_of_a_name_is_refused():
    with pytest.raises(MultiPartParserError):
        found(body_of((head("name=file; filename*=nonsense''a"), b"x")))


def test_body_is_read_to_its_end_and_no_further():
    stream = io.BytesIO(b"0123456789")

    assert read_all(stream, 4) == b"0123"
    assert stream.read() == b"456789"


def test_body_that_breaks_off_is_refused():
    class Broken:
        def read(self, _size: int) -> bytes:
            raise ConnectionResetError

    with pytest.raises(MultiPartParserError):
        read_all(Broken(), 4)
