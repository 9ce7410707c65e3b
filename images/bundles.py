"""Many small files in one request: its body is read once, and the files are looked at in place.

Django hands parts from buffer to buffer, and larger ones to temporary files; of a bundle, which is
bounded, each byte is copied once between the connection and the disk.
"""

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final, NamedTuple

from django.core.files.uploadhandler import FileUploadHandler
from django.http import QueryDict
from django.http.multipartparser import MultiPartParserError
from django.utils.datastructures import MultiValueDict
from django.utils.http import parse_header_parameters

from images.spool import Readable
from images.upload_handlers import DRAIN_FACTOR, note_refusal

# Of one request, names and all: what a thread of the web server holds in memory.
MAX_BUNDLE_BYTES: Final = 16 * 1024 * 1024
MAX_FILES: Final = 64
# Files, and what may be said of them: a hash for each, and a token.
MAX_PARTS: Final = 2 * MAX_FILES + 2
# Of what is no file.
MAX_VALUE_BYTES: Final = 200
READ_BYTES: Final = 64 * 1024
FILE_FIELD: Final = "file"

MAX_HEAD_BYTES: Final = 8 * 1024

_DISPOSITION: Final = re.compile(r"^content-disposition:(.*)$", re.IGNORECASE | re.MULTILINE)
# As browsers and most programs write it; the rest is left to Django.
_USUAL: Final = re.compile(r'form-data; name="([^"\\]*)"(?:; filename="([^"\\]*)")?')


class WholeFile(NamedTuple):
    """A file of a bundle under the name that its sender gave it; a view into the body."""

    name: str
    content: memoryview

    def close(self) -> None:
        """Django closes what was uploaded when the request is over."""


class Part(NamedTuple):
    """`file_name` is None for what is no file."""

    field: str
    file_name: str | None
    content: memoryview


class BundleUploadHandler(FileUploadHandler):
    """Parses the body of a bundle by itself. What is too much is noted (`check_received`).

    The files are WholeFile. Raises MultiPartParserError for a body that is malformed or cut off.
    """

    def handle_raw_input(
        self,
        input_data: Any,
        META: Any,  # noqa: N803  (Django's name)
        content_length: int,
        boundary: Any,
        encoding: Any = None,
    ) -> tuple[QueryDict, MultiValueDict[str, Any]]:
        post = QueryDict(mutable=True)
        files: MultiValueDict[str, Any] = MultiValueDict()
        if content_length > MAX_BUNDLE_BYTES:
            self._refuse(input_data)
            return post, files
        body = read_all(input_data, content_length)
        parts = list(islice(parts_of(body, boundary), MAX_PARTS + 1))
        for part in parts:
            if part.file_name is None:
                post.appendlist(part.field, _text(bytes(part.content[:MAX_VALUE_BYTES])))
            else:
                files.appendlist(part.field, WholeFile(part.file_name, part.content))
        if len(parts) > MAX_PARTS or len(files.getlist(FILE_FIELD)) > MAX_FILES:
            self._refuse()
        return post, files

    def _refuse(self, unread: Readable | None = None) -> None:
        note_refusal(self.request, "bundle-too-large")
        # So that a client that sends on gets to read the answer.
        left = DRAIN_FACTOR * MAX_BUNDLE_BYTES
        while unread and left > 0 and (chunk := _next(unread, READ_BYTES)):
            left -= len(chunk)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        return raw_data

    def file_complete(self, file_size: int) -> None:
        return None


def read_all(stream: Readable, length: int) -> bytearray:
    """The next `length` bytes. Raises MultiPartParserError where fewer come."""
    body, filled = bytearray(length), 0
    while filled < length and (chunk := _next(stream, min(READ_BYTES, length - filled))):
        body[filled : filled + len(chunk)] = chunk
        filled += len(chunk)
    if filled < length:
        raise MultiPartParserError("the body is cut off")
    return body


def _next(stream: Readable, size: int) -> bytes:
    try:
        return stream.read(size)
    except OSError:  # the sender is gone
        return b""


def parts_of(body: bytearray, boundary: bytes) -> Iterator[Part]:
    """The parts of a multipart/form-data body (RFC 7578, over RFC 2046), in order.

    Raises MultiPartParserError where it does not end as it should.
    """
    delimiter, view = b"\r\n--" + boundary, memoryview(body)
    position = _found(body, delimiter[2:], 0) + len(delimiter) - 2
    while body[position : position + 2] != b"--":
        head = _found(body, b"\r\n", position)
        begin = _found(body, b"\r\n\r\n", head, head + MAX_HEAD_BYTES) + 4
        end = _found(body, delimiter, begin - 2)
        yield _part(bytes(view[head:begin]), view[begin:end])
        position = end + len(delimiter)


def _found(body: bytearray, wanted: bytes, start: int, end: int | None = None) -> int:
    place = body.find(wanted, start, end)
    if place < 0:
        raise MultiPartParserError("the body is malformed")
    return place


def _part(head: bytes, content: memoryview) -> Part:
    found = _DISPOSITION.search(_text(head))
    said = found[1].strip() if found else ""
    if usual := _USUAL.fullmatch(said):
        return Part(usual[1], usual[2], content)
    try:
        _kind, values = parse_header_parameters(said)
    except ValueError as reason:
        raise MultiPartParserError("the body is malformed") from reason
    return Part(values.get("name", ""), values.get("filename"), content)


def _text(content: bytes) -> str:
    return content.decode(errors="replace")
