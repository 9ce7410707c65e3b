"""The pinned requirements: exact, complete, and free of machines and cards."""

import re
import tomllib
from pathlib import Path

import pytest
from django.conf import settings
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

FILES = ["app.txt", "dev.txt", "bench.txt"]
ROOT = Path(settings.BASE_DIR)
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def pins(file):
    lines = (ROOT / "requirements" / file).read_text().splitlines()
    return [line for line in lines if not line.startswith("#")]


def names(file):
    return {canonicalize_name(line.partition("==")[0]) for line in pins(file)}


def wanted(requirements):
    return {canonicalize_name(Requirement(text).name) for text in requirements}


@pytest.mark.parametrize("file", FILES)
def test_every_line_is_one_exact_public_version(file):
    odd = [line for line in pins(file) if not re.fullmatch(r"[a-z0-9.-]+==[0-9][\w.]*", line)]
    assert odd == []


@pytest.mark.parametrize("file", FILES)
def test_no_package_of_one_kind_of_card(file):
    assert [name for name in names(file) if name.startswith(("nvidia", "cuda", "triton"))] == []


def test_the_platform_needs_are_all_pinned():
    assert wanted(PROJECT["project"]["dependencies"]) <= names("app.txt")


def test_the_needs_of_tests_are_all_pinned():
    assert wanted(PROJECT["dependency-groups"]["dev"]) <= names("app.txt") | names("dev.txt")


def test_the_needs_of_benchmarks_are_all_pinned():
    pinned = set.union(*map(names, FILES))
    assert wanted(PROJECT["dependency-groups"]["bench"]) <= pinned


def test_nothing_is_pinned_twice():
    assert names("app.txt") & names("dev.txt") == set()
    assert names("bench.txt") & (names("app.txt") | names("dev.txt")) == set()


def test_torch_is_the_version_that_everything_was_measured_with():
    assert "torch==2.13.0" in pins("app.txt")


def test_what_is_installed_is_what_is_pinned():
    from importlib.metadata import PackageNotFoundError, version

    def installed(name):
        try:
            return version(name).partition("+")[0]
        except PackageNotFoundError:
            return "absent"

    differing = {
        line: installed(line.partition("==")[0])
        for file in ("app.txt", "dev.txt")
        for line in pins(file)
        if installed(line.partition("==")[0]) != line.partition("==")[2]
    }
    assert differing == {}
