"""A bad connection: a proxy that lets bytes through slowly and kills every connection at will.

It runs in a thread of its own, counts the bytes of files that clients send (requests `PUT
.../content/` and `POST .../bundle/`), and forwards everything else unseen. Small buffers, so that
what a cut loses is what would have been on the air and not megabytes in this machine's memory.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

BUFFER_BYTES = 4096
READ_BYTES = 2048
START_SECONDS = 10.0
OF_FILES = {("PUT", "content"), ("POST", "bundle")}


@dataclass
class Meter:
    """Reads the requests of one connection and adds up the bytes of each file."""

    sent: dict[str, int]
    _head: bytearray = field(default_factory=bytearray)
    _left: int = 0
    _file: str = ""

    def feed(self, data: bytes) -> None:
        while data:
            data = self._body(data) if self._left else self._headers(data)

    def _body(self, data: bytes) -> bytes:
        taken = min(self._left, len(data))
        self._left -= taken
        if self._file:
            self.sent[self._file] += taken
        return data[taken:]

    def _headers(self, data: bytes) -> bytes:
        self._head += data
        end = self._head.find(b"\r\n\r\n")
        if end < 0:
            return b""
        rest = bytes(self._head[end + 4 :])
        lines = bytes(self._head[:end]).decode("latin-1").split("\r\n")
        self._head.clear()
        method, path, _ = lines[0].split(" ", 2)
        lengths = [line for line in lines[1:] if line.lower().startswith("content-length:")]
        self._left = int(lengths[0].partition(":")[2]) if lengths else 0
        is_of_files = (method, path.rstrip("/").rpartition("/")[2]) in OF_FILES
        self._file = path if is_of_files else ""
        return rest


@dataclass
class BrokenLine:
    """`url` while the `with` block runs; `bits_per_second` of 0 lets everything through at once."""

    upstream: int
    bits_per_second: int = 0
    seed: int = 7
    port: int = 0
    cuts: int = 0
    sent: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def __post_init__(self) -> None:
        self._connections: set[tuple[asyncio.StreamWriter, asyncio.StreamWriter]] = set()
        self._down_until = 0.0
        self._free_at = {"up": 0.0, "down": 0.0}
        self._random = random.Random(self.seed)  # noqa: S311  (repeatable, not secret)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def file_bytes(self) -> int:
        """All bytes of files that clients have sent so far."""
        return sum(self.sent.values())

    def __enter__(self) -> Self:
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self._ready.wait(START_SECONDS)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def cut(self, seconds: float = 0.0) -> None:
        """Kill all connections now, and every new one for so long."""
        self.cuts += 1
        self._loop.call_soon_threadsafe(self._cut, seconds)

    def _cut(self, seconds: float) -> None:
        self._down_until = time.monotonic() + seconds
        for client, server in list(self._connections):
            client.transport.abort()
            # The server's side is told in both ways that happen: an end of the stream, or a reset.
            server.close() if self._random.random() < 0.5 else server.transport.abort()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._listen())
        self._ready.set()
        self._loop.run_forever()
        self._loop.run_until_complete(self._stop())
        self._loop.close()

    async def _listen(self) -> None:
        listener = socket.socket()
        # Before listening, so that connections inherit it.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
        listener.bind(("127.0.0.1", 0))
        self.port = int(listener.getsockname()[1])
        self._server = await asyncio.start_server(self._serve, sock=listener, limit=READ_BYTES)

    async def _stop(self) -> None:
        self._server.close()
        self._cut(0.0)
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if time.monotonic() < self._down_until:
            writer.transport.abort()
            return
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.upstream)
        except OSError:
            writer.transport.abort()
            return
        pair = (writer, far_writer)
        self._connections.add(pair)
        try:
            meter = Meter(self.sent)
            await asyncio.gather(
                self._pump(reader, far_writer, "up", meter),
                self._pump(far_reader, writer, "down", None),
            )
        finally:
            self._connections.discard(pair)
            for each in pair:
                each.close()

    async def _pump(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        way: str,
        meter: Meter | None,
    ) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(READ_BYTES):
                await self._take_time(way, len(data))
                if meter:
                    meter.feed(data)
                writer.write(data)
                await writer.drain()
        if not writer.is_closing():
            writer.close()

    async def _take_time(self, way: str, size: int) -> None:
        """All connections share one line, each direction its own."""
        if not self.bits_per_second:
            return
        begins = max(time.monotonic(), self._free_at[way])
        self._free_at[way] = begins + size * 8 / self.bits_per_second
        await asyncio.sleep(self._free_at[way] - time.monotonic())
