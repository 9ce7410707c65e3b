"""Films of one size in one file, mapped into memory: what whole networks train on.

A film of ten million pixels is then decoded once and not in every epoch, and any number of them
needs no more memory than what the training touches. A killed worker goes on where it was.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, Final
from uuid import UUID

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from core.errors import PermanentError
from core.files import write_whole
from core.yielding import background_threads, is_yielding
from images.models import Radiograph
from inference import reasons
from inference.inputs import Grey, grey_of

# Films between two notes of how far it came; 3 MB at a side of 224.
AT_ONCE: Final = 32
THREADS: Final = 2
DTYPE: Final = np.dtype("<f2")

Tell = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class FilmStack:
    """`films` (N, side, side) float16 in 0..1, read only, in the order that was asked for.

    `unreadable`: codes of `inference.reasons` by radiograph; their films are black.
    """

    films: NDArray[np.float16]
    radiographs: tuple[UUID, ...]
    unreadable: Mapping[UUID, str] = field(default_factory=dict)

    @property
    def is_read(self) -> NDArray[np.bool_]:
        """(N,) True where there is a film."""
        return np.array([key not in self.unreadable for key in self.radiographs], bool)


def inputs_of(
    radiographs: Sequence[UUID], *, side: int, path: Path, on_done: Tell = lambda _done, _of: None
) -> FilmStack:
    """The films of stored radiographs as (side, side), written to `path` (a .npy file) or found
    there; `PATH.json` beside it says how far it came.

    `on_done(done, total)` is called after each group; what it raises ends the work, which goes on
    from there the next time. A film that cannot be read stops no other one. Raises OSError when
    the disk is full or the store is out of reach, MemoryError.
    """
    keys = tuple(radiographs)
    pixels = _pixels_of(keys)
    state = _State.found(path, _identity(side, keys, pixels))
    shape = (len(keys), side, side)
    with _opened(path, shape, is_new=state.done == 0) as (stream, start):
        while state.done < len(keys):
            on_done(state.done, len(keys))
            group = keys[state.done : state.done + AT_ONCE]
            films, unreadable = _read(group, side)
            stream.seek(start + state.done * side * side * DTYPE.itemsize)
            stream.write(films.tobytes())
            stream.flush()
            os.fdatasync(stream.fileno())
            state = state.after(len(group), unreadable)
            state.keep(path)
    on_done(len(keys), len(keys))
    films = np.load(path, mmap_mode="r", allow_pickle=False) if keys else np.empty(shape, DTYPE)
    return FilmStack(films, keys, {UUID(key): code for key, code in state.unreadable.items()})


@dataclass(frozen=True)
class _State:
    """`size` in bytes: of the whole file, which has all its room from the beginning."""

    identity: str
    done: int = 0
    size: int = 0
    unreadable: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def found(cls, path: Path, identity: str) -> "_State":
        """What an earlier attempt left for the same films; else the beginning."""
        try:
            kept: dict[str, Any] = json.loads(_beside(path).read_text())
        except (OSError, ValueError):
            return cls(identity)
        is_same = kept.get("identity") == identity and kept.get("size") == _size(path)
        return cls(**kept) if is_same else cls(identity)

    def after(self, count: int, unreadable: Mapping[UUID, str]) -> "_State":
        new = {str(key): code for key, code in unreadable.items()}
        return replace(self, done=self.done + count, unreadable={**self.unreadable, **new})

    def keep(self, path: Path) -> None:
        facts = vars(self) | {"size": _size(path)}
        write_whole(_beside(path), json.dumps(facts).encode())


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _beside(path: Path) -> Path:
    return path.with_name(f"{path.name}.json")


def _identity(side: int, keys: Sequence[UUID], pixels: Mapping[UUID, str]) -> str:
    """Whose films in which order: other pixels (something was covered) are another film."""
    facts = [str(side), *(f"{key} {pixels.get(key, '')}" for key in keys)]
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()


def _pixels_of(keys: Sequence[UUID]) -> dict[UUID, str]:
    found: dict[UUID, str] = {}
    for start in range(0, len(keys), 500):
        rows = Radiograph.objects.filter(pk__in=keys[start : start + 500]).order_by()
        found.update(rows.values_list("pk", "pixel_sha256"))
    return found


@contextmanager
def _opened(
    path: Path, shape: tuple[int, int, int], *, is_new: bool
) -> Iterator[tuple[BinaryIO, int]]:
    """The file, and where the first film begins. A new one gets all its room at once."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    flags = os.O_RDWR | os.O_CREAT | (os.O_TRUNC if is_new else 0)
    with os.fdopen(os.open(path, flags, 0o600), "r+b") as stream:
        facts = {"descr": npy.dtype_to_descr(DTYPE), "fortran_order": False, "shape": shape}
        npy.write_array_header_1_0(stream, facts)
        start = stream.tell()
        stream.flush()
        size = start + DTYPE.itemsize * int(np.prod(shape))
        # On a full disk now, and not in the middle of the work.
        if is_new and hasattr(os, "posix_fallocate"):
            os.posix_fallocate(stream.fileno(), 0, size)
        yield stream, start


def _read(keys: Sequence[UUID], side: int) -> tuple[NDArray[np.float16], dict[UUID, str]]:
    rows = Radiograph.objects.in_bulk(keys)
    films = np.zeros((len(keys), side, side), DTYPE)
    troubles: dict[UUID, Exception] = {}
    threads = min(THREADS, background_threads()) if is_yielding() else THREADS
    with ThreadPoolExecutor(threads, thread_name_prefix="films") as pool:
        read = pool.map(partial(_film, side=side), (rows.get(key) for key in keys))
        for place, (key, film) in enumerate(zip(keys, read, strict=True)):
            if isinstance(film, Exception):
                troubles[key] = film
            else:
                films[place] = film
    refuse_away(list(troubles.values()), len(keys))
    return films, {key: reasons.code_of(trouble) for key, trouble in troubles.items()}


def _film(radiograph: Radiograph | None, *, side: int) -> Grey | Exception:
    if radiograph is None:
        return PermanentError(reasons.FILE_MISSING)
    try:
        return grey_of(radiograph, side)
    except MemoryError:
        raise
    except Exception as problem:
        return problem


def refuse_away(troubles: Sequence[Exception], asked: int) -> None:
    """Raises the first of `troubles` where none of several files could be read, for reasons that
    may pass: then it is the store that is away, and not a file that is bad."""
    passing = [trouble for trouble in troubles if isinstance(trouble, OSError)]
    if asked > 1 and len(passing) == asked:
        raise passing[0]
