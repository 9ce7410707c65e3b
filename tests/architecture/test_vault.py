"""Test labels leave the vault by its own door, and only the evaluator and its kin knock there."""

import ast
from pathlib import Path

import pytest
from django.conf import settings

ROOM = Path(settings.BASE_DIR) / "retraining"
# The door itself, and what writes the list and compares it with the records of today.
INSIDE = {"vault.py", "services/snapshots.py"}
MAY_OPEN = {
    "pipeline/evaluating.py",  # a new version
    "services/comparing.py",  # a version beside the one in service, an imported one too
    "services/auditing.py",  # the shortcut audit
    "services/reproducing.py",  # a reproduction within its tolerance
    "reproduction.py",
    "pipeline/reproducing.py",
}
LABELS = ("target_class", "class_code", "truth__")


def modules() -> dict[str, ast.Module]:
    found = {}
    for path in sorted(ROOM.rglob("*.py")):
        name = path.relative_to(ROOM).as_posix()
        if not name.startswith(("models/", "migrations/")):
            found[name] = ast.parse(path.read_text())
    return found


def statements(tree: ast.AST):
    """The innermost ones: a whole function would mix what has nothing to do with each other."""
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt) and not hasattr(node, "body"):
            yield node


def reads_labels_of_rows(statement: ast.stmt) -> bool:
    said = ast.unparse(statement)
    return touches_rows(statement) and any(label in said for label in LABELS)


def touches_rows(statement: ast.stmt) -> bool:
    """`SnapshotCase`, or `.cases` of anything that is called a snapshot."""
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and node.id == "SnapshotCase":
            return True
        is_related = isinstance(node, ast.Attribute) and node.attr == "cases"
        if is_related and "snapshot" in ast.unparse(node.value):
            return True
    return False


def opens_the_vault(tree: ast.Module) -> bool:
    return any(
        getattr(node, "attr", getattr(node, "id", "")) == "open_vault" for node in ast.walk(tree)
    )


def test_nobody_else_reads_labels_of_a_snapshot():
    offences = [
        f"{name}:{statement.lineno}"
        for name, tree in modules().items()
        if name not in INSIDE
        for statement in statements(tree)
        if reads_labels_of_rows(statement)
    ]
    assert offences == []


def test_only_the_evaluator_and_its_kin_open_the_vault():
    openers = {name for name, tree in modules().items() if opens_the_vault(tree)} - INSIDE
    assert "pipeline/evaluating.py" in openers
    assert openers <= MAY_OPEN


@pytest.mark.parametrize(
    "offence",
    [
        "rows = SnapshotCase.objects.filter(split='test').values_list('target_class__code')",
        "x = run.snapshot.cases.filter(split='test').values('truth__target_class')",
        "y = [row.target_class for row in SnapshotCase.objects.filter(snapshot=snapshot)]",
    ],
)
def test_an_offence_would_be_seen(offence):
    [statement] = statements(ast.parse(offence))
    assert reads_labels_of_rows(statement)


def test_keys_and_splits_may_be_read():
    [statement] = statements(ast.parse("n = snapshot.cases.values_list('split', flat=True)"))
    assert not reads_labels_of_rows(statement)
