"""docker-compose.yml as Compose would read it: variables filled in, anchors merged."""

import re
from pathlib import Path

import yaml
from django.conf import settings

FILE = Path(settings.BASE_DIR) / "docker-compose.yml"
VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?::(?P<kind>[-?])(?P<other>[^}]*))?\}")


def filled_in(text, values):
    """`${NAME}`, `${NAME:-default}` and `${NAME:?message}` as Compose reads them."""

    def value(match):
        name, kind, other = match["name"], match["kind"], match["other"]
        if values.get(name):
            return values[name]
        if kind == "?":
            raise KeyError(f"{name}: {other}")
        return other or ""

    return VARIABLE.sub(value, text)


def compose(**values):
    return yaml.safe_load(filled_in(FILE.read_text(encoding="utf-8"), values))
