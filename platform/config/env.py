"""Typed readers of the environment: what cannot be read stops the start, in one sentence."""

import contextlib
import os
import secrets
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from django.core.exceptions import ImproperlyConfigured

T = TypeVar("T")

TRUE_WORDS = {"1", "true", "yes", "on"}
FALSE_WORDS = {"0", "false", "no", "off", ""}


def text(name: str, default: str = "") -> str:
    """`NAME`, or the content of the file that `NAME_FILE` names (Docker and Kubernetes secrets)."""
    secret_file = os.environ.get(f"{name}_FILE")
    if secret_file:
        return _read_secret(name, Path(secret_file))
    return os.environ.get(name, default).strip()


def _read_secret(name: str, path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError as problem:
        raise ImproperlyConfigured(f"{name}_FILE cannot be read: {problem.strerror}") from problem


def _parsed(name: str, default: T, parse: Callable[[str], T], wanted: str) -> T:
    value = text(name)
    if not value:
        return default
    try:
        return parse(value)
    except (ValueError, KeyError) as problem:
        raise ImproperlyConfigured(f"{name} must be {wanted}") from problem


def whole(name: str, default: int) -> int:
    return _parsed(name, default, int, "a whole number")


def flag(name: str, default: bool) -> bool:
    words = dict.fromkeys(TRUE_WORDS, True) | dict.fromkeys(FALSE_WORDS, False)
    return _parsed(name, default, lambda value: words[value.lower()], "true or false")


def words(name: str, default: list[str]) -> list[str]:
    return _parsed(name, default, lambda value: value.replace(",", " ").split(), "a list")


def choice(name: str, default: str, allowed: tuple[str, ...]) -> str:
    return _parsed(
        name, default, dict(zip(allowed, allowed, strict=True)).__getitem__, " or ".join(allowed)
    )


def path(name: str, default: Path) -> Path:
    return _parsed(name, default, lambda value: Path(value).expanduser().resolve(), "a path")


def kept_secret(file: Path) -> str:
    """A random key that local mode keeps in the data folder (mode 0600), made at first use."""
    try:
        key = file.read_text(encoding="ascii")
    except FileNotFoundError:
        key = ""
    return key or _make_secret(file)


def _make_secret(file: Path) -> str:
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    except FileNotFoundError as problem:  # places where nothing can be made, such as /proc
        raise ImproperlyConfigured(f"DATA_DIR cannot be made: {file.parent}") from problem
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=".secret-")  # mode 0600
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as out:
            out.write(secrets.token_urlsafe(50))
        return _published(Path(name), file)
    finally:
        Path(name).unlink(missing_ok=True)


def _published(written: Path, file: Path) -> str:
    """A link appears whole or not at all: no reader sees half a key, a full disk leaves none."""
    if file.exists() and not file.stat().st_size:
        file.unlink()
    with contextlib.suppress(FileExistsError):  # another process of the same start was first
        file.hardlink_to(written)
    return file.read_text(encoding="ascii")
