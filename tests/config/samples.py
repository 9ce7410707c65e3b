"""The environment of production as .env.example lays it out."""

import os
import secrets
from pathlib import Path

from django.conf import settings

EXAMPLE = Path(settings.BASE_DIR) / ".env.example"


def example_values() -> dict[str, str]:
    """NAME=value lines of .env.example, as Compose reads them."""
    lines = (line.strip() for line in EXAMPLE.read_text(encoding="utf-8").splitlines())
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {name: value for name, _, value in pairs}


def production_environment(data_dir: Path, *, secret: bool = True) -> dict[str, str]:
    """A machine that was set up by the book; without `secret` the samples stand as shipped."""
    names = ("SECRET_KEY", "IDENTITY_KEY") if secret else ()
    own = {name: secrets.token_urlsafe(64) for name in names}
    return {
        "PATH": os.environ["PATH"],
        **example_values(),
        "COVIDXR_MODE": "production",
        "DATABASE_URL": "postgres://covidxr:pw@postgres:5432/covidxr",
        "REDIS_URL": "redis://redis:6379/0",
        "DATA_DIR": str(data_dir),
        **own,
    }
