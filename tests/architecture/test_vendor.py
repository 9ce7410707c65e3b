"""The committed front-end libraries are what scripts/vendor.py wrote, whole and self-contained."""

import hashlib
import re
from pathlib import Path

import pytest
from django.conf import settings

STATIC = Path(settings.BASE_DIR) / "platform" / "static"
PACKAGES = sorted(path for path in (STATIC / "vendor").iterdir() if path.is_dir())
STYLESHEETS = sorted(STATIC.rglob("*.css"))
SCRIPTS = sorted([*STATIC.rglob("*.js"), *STATIC.rglob("*.mjs")])


def named(paths):
    return {"argvalues": paths, "ids": [str(path.relative_to(STATIC)) for path in paths]}


def sums(package):
    lines = (package / "SHA256SUMS").read_text().splitlines()
    return {name: digest for digest, name in (line.split("  ", 1) for line in lines)}


def test_bootstrap_icons_and_htmx_are_vendored():
    names = {path.name.rpartition("-")[0] for path in PACKAGES}
    assert names == {
        "bootstrap", "bootstrap-icons", "echarts", "htmx.org", "noble-hashes", "openseadragon",
        "uppy",
    }  # fmt: skip


@pytest.mark.parametrize("package", **named(PACKAGES))
def test_every_file_has_its_recorded_sum(package):
    for name, digest in sums(package).items():
        assert hashlib.sha256((package / name).read_bytes()).hexdigest() == digest, name


@pytest.mark.parametrize("package", **named(PACKAGES))
def test_no_file_lacks_a_sum(package):
    found = {str(path.relative_to(package)) for path in package.rglob("*") if path.is_file()}
    assert found == sums(package).keys() | {"SHA256SUMS"}


@pytest.mark.parametrize("package", **named(PACKAGES))
def test_every_package_carries_its_licence(package):
    assert "LICENSE" in sums(package)


@pytest.mark.parametrize("path", **named(STYLESHEETS))
def test_every_file_named_by_a_stylesheet_exists(path):
    names = re.findall(r"""url\(["']?([^"')?#]+)""", path.read_text())
    missing = [n for n in names if not n.startswith("data:") and not (path.parent / n).is_file()]
    assert missing == []


@pytest.mark.parametrize("path", **named([*STYLESHEETS, *SCRIPTS]))
def test_no_source_map_is_named(path):
    assert "sourceMappingURL" not in path.read_text()


@pytest.mark.parametrize("path", **named(STYLESHEETS))
def test_no_stylesheet_calls_another_host(path):
    assert not re.search(r"""url\(["']?(https?:)?//|@import""", path.read_text())
