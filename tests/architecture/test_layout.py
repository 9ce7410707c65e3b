"""Rules of the house that no linter knows: arrows of imports, sizes, names that are banned."""

import ast
import re
import statistics
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
ROOMS = (
    "platform/config", "platform/core", "accounts", "images", "inference", "news", "reading",
    "retraining",
)  # fmt: skip
MODULES = sorted(
    path
    for room in (*ROOMS, "retraining", "scripts", "benchmarks")
    for path in (ROOT / room).rglob("*.py")
    if "migrations" not in path.parts
)
TESTS = sorted((ROOT / "tests").rglob("*.py"))
TEMPLATES = sorted((ROOT / "platform" / "templates").rglob("*.html"))
SCRIPTS = sorted((ROOT / "platform" / "static" / "js").rglob("*.mjs"))

LONGEST_MODULE = 400
LONGEST_FUNCTION = 60
LONGEST_TEMPLATE = 120
LONGEST_SCRIPT = 150
MEDIAN_FUNCTION = 10

# Spelled in two halves, so that this file does not find itself.
UNFINISHED = re.compile(
    "|".join(("TO" + "DO", "FIX" + "ME", "X" + "XX")) + r"|NotImplemented" + "Error"
)
MACHINE_PATH = re.compile(r"(?<![\w.])/(home|Users|work|root)/\w+")
# pickle and shelve run code when read; torch.load and numpy's allow_pickle read pickles.
BANNED = re.compile(
    r"\b(import|from) (pickle|shelve|marshal|dill)\b|torch\.load\(|allow_pickle=True"
)


def named(paths):
    return {"argvalues": paths, "ids": [str(path.relative_to(ROOT)) for path in paths]}


def functions(path):
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, kinds):
            yield f"{path.name}:{node.lineno} {node.name}", node.end_lineno - node.lineno + 1


def longer_than(limit, paths):
    return [str(path) for path in paths if len(path.read_text().splitlines()) > limit]


def found(pattern, paths):
    return [
        f"{path.relative_to(ROOT)}:{number}"
        for path in paths
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if pattern.search(line)
    ]


def test_arrows_of_imports_point_down():
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([linter], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("limit", "paths"),
    [(LONGEST_MODULE, [*MODULES, *TESTS]), (LONGEST_TEMPLATE, TEMPLATES),
     (LONGEST_SCRIPT, SCRIPTS)],
)  # fmt: skip
def test_no_file_is_too_long(limit, paths):
    assert longer_than(limit, paths) == []


def test_no_function_is_too_long():
    lengths = [pair for path in [*MODULES, *TESTS] for pair in functions(path)]
    assert [name for name, length in lengths if length > LONGEST_FUNCTION] == []


def test_functions_are_short():
    lengths = [length for path in MODULES for _, length in functions(path)]
    assert statistics.median(lengths) <= MEDIAN_FUNCTION


def test_nothing_is_left_unfinished():
    assert found(UNFINISHED, [*MODULES, *TEMPLATES, *SCRIPTS]) == []


def test_no_path_of_a_machine():
    assert found(MACHINE_PATH, [*MODULES, *TESTS, *TEMPLATES, *SCRIPTS]) == []


def test_nothing_reads_pickles():
    assert found(BANNED, MODULES) == []


def test_torch_is_imported_at_module_level_in_ml_only():
    outside = [path for path in MODULES if "ml" not in path.parts]
    assert found(re.compile(r"^(import|from) (torch|torchvision)\b"), outside) == []


def test_the_platform_folder_is_no_package():
    # With an __init__.py it shadows the standard library's `platform`, and celery cannot start.
    assert not (ROOT / "platform" / "__init__.py").exists()


@pytest.mark.parametrize("folder", **named(sorted({path.parent for path in TESTS})))
def test_every_folder_of_tests_is_a_package(folder):
    # Without it tests/images would shadow the app `images`.
    assert (folder / "__init__.py").exists()


@pytest.mark.parametrize("path", **named(TEMPLATES))
def test_templates_keep_to_the_content_security_policy(path):
    text = re.sub(r"\{#.*?#\}", "", path.read_text())
    assert not re.search(r"""<script(?![^>]*\bsrc=)|\sstyle=["']|\son\w+=["']|javascript:""", text)
