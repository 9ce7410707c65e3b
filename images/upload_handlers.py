"""The way in: bodies are cut off over the limit, and names that climb out of their folder refused.

Parsing happens before any view, so a refusal is noted on the request; views and API begin with
`check_received(request)`, which raises it.
"""

import html
import re
from contextlib import suppress
from typing import Any, Final

from django.conf import settings
from django.core.files.uploadhandler import (
    FileUploadHandler,
    SkipFile,
    StopUpload,
    TemporaryFileUploadHandler,
)
from django.http import HttpRequest, QueryDict
from django.http.multipartparser import MultiPartParser
from django.utils.datastructures import MultiValueDict

from images.decoding.reasons import Unreadable
from images.errors import Refused, StorageFull
from images.storage import NO_ROOM

MAX_NAME_LENGTH: Final = 255
# So far the rest is read and thrown away, so that a browser gets to read the answer; a body beyond
# is an attack or a mistake, and the connection is simply dropped.
DRAIN_FACTOR: Final = 4

_NOTE: Final = "upload_refusal"


def check_received(request: HttpRequest) -> None:
    """Raise what was noted while parsing.

    Unreadable("too-large-file"), Refused("bad-name") or StorageFull.
    """
    code = getattr(request, _NOTE, "")
    if code == "too-large-file":
        raise Unreadable(code, megabytes=settings.MAX_RADIOGRAPH_BYTES // 2**20)
    if code == StorageFull.code:
        raise StorageFull
    if code:
        raise Refused(code)


def note_refusal(request: HttpRequest | None, code: str) -> None:
    """For `check_received` to raise."""
    setattr(request, _NOTE, code)


class StrictParser(MultiPartParser):
    """Sees the name of a file as it was sent; Django shows handlers the cleaned name only."""

    request: HttpRequest | None

    def sanitize_file_name(self, file_name: str) -> str | None:
        parts = re.split(r"[/\\]", html.unescape(file_name))
        if len(file_name) > MAX_NAME_LENGTH or ".." in parts:
            note_refusal(self.request, "bad-name")
            return None
        return super().sanitize_file_name(file_name)


class CappedUploadHandler(FileUploadHandler):
    """Stops storing once the files of a request pass `settings.MAX_RADIOGRAPH_BYTES` together."""

    def __init__(self, request: HttpRequest | None = None) -> None:
        super().__init__(request)
        self.received = 0
        self.is_parsing = False

    @property
    def most_bytes(self) -> int:
        return settings.MAX_RADIOGRAPH_BYTES

    def handle_raw_input(
        self,
        input_data: Any,
        META: Any,  # noqa: N803  (Django's name)
        content_length: int,
        boundary: Any,
        encoding: Any = None,
    ) -> tuple[QueryDict, MultiValueDict[str, Any]] | None:
        # The strict parser asks all handlers again, this one too: then it is to go on by itself.
        if self.is_parsing or self.request is None:
            return None
        self.is_parsing = True
        parser = StrictParser(META, input_data, self.request.upload_handlers, encoding)
        parser.request = self.request
        return parser.parse()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        self.received += len(raw_data)
        if self.received > self.most_bytes:
            note_refusal(self.request, "too-large-file")
            if self.received > DRAIN_FACTOR * self.most_bytes:
                raise StopUpload(connection_reset=True)
            raise SkipFile
        return raw_data

    def file_complete(self, file_size: int) -> None:
        return None


class SpoolUploadHandler(TemporaryFileUploadHandler):
    """Django's handler of large files; here a full temporary folder is a refusal, not a crash."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        try:
            super().new_file(*args, **kwargs)
        except OSError as problem:
            self._give_up(problem)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        try:
            super().receive_data_chunk(raw_data, start)
        except OSError as problem:
            self._give_up(problem)

    def file_complete(self, file_size: int) -> Any:
        try:
            return super().file_complete(file_size)
        except OSError as problem:
            with suppress(SkipFile):
                self._give_up(problem)
            return None

    def _give_up(self, problem: OSError) -> None:
        if problem.errno not in NO_ROOM:
            raise problem
        note_refusal(self.request, StorageFull.code)
        file = self.__dict__.pop("file", None)
        if file is not None:
            # Closing flushes once more, which fails once more; the file itself is unlinked.
            with suppress(OSError):
                file.close()
        raise SkipFile
