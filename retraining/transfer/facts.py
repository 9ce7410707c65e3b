"""What a package says about its model: written for others, and read without believing its shape.

Of another installation's evaluation only what says how the model did there is kept: figures and
curves. What compares it with that place's other models, or names its institutions, stays behind.
"""

import math
from collections.abc import Mapping
from typing import Any, Final

from inference.ml.manifest import Manifest
from retraining.environment import environment
from retraining.models import ModelVersion
from retraining.transfer import refusals
from retraining.transfer.refusals import PackageRefused

FORMAT: Final = 1
MOST_POINTS: Final = 300
MOST_BYTES_OF_TEXT: Final = 200
FIGURE: Final = ("value", "low", "high")
CURVES: Final = {
    "cuts": ("threshold", "tp", "fp", "tn", "fn"),
    "roc": ("fpr", "tpr", "threshold"),
    "pr": ("recall", "precision", "threshold"),
}
BINS: Final = ("low", "high", "n", "mean", "share", "share_low", "share_high")
COUNTS: Final = ("n", "positives", "patients", "threshold", "temperature")
# Of the evaluation's parts those that are of another place alone, as nothing.
LEFT_OUT: Final[dict[str, Any]] = {
    "groups": {}, "conformal": None, "learning_curve": None, "left_out_sites": [],
    "site_prediction": None, "comparison": None,
}  # fmt: skip


def model_facts(version: ModelVersion) -> dict[str, Any]:
    """`model.json`: what neither manifest nor evaluation says. Nothing of a patient is in it."""
    target = version.target
    rows = target.classes.order_by("position", "code")
    return {
        "format": FORMAT,
        "version": version.version,
        "sha256": version.sha256,
        "architecture": version.architecture,
        "target": {
            "code": target.code, "es": target.name_es, "en": target.name_en,
            "confirming_test": target.confirming_test,
            "classes": [
                {"code": row.code, "es": row.name_es, "en": row.name_en,
                 "is_positive": row.is_positive}
                for row in rows
            ],
        },
        "environment": version.environment,
        "exported_with": environment()["code"],
    }  # fmt: skip


def evaluation_facts(version: ModelVersion) -> dict[str, Any]:
    """`evaluation.json`: the evaluation without what is of this installation alone."""
    return {**version.evaluation, **LEFT_OUT} if version.evaluation else {}


def read_environment(model: Mapping[str, Any]) -> dict[str, Any]:
    """With what it was made. Raises PackageRefused for another format or what is no environment."""
    if model.get("format") != FORMAT or isinstance(model.get("format"), bool):
        raise PackageRefused(refusals.BAD_FACTS)
    found = model.get("environment")
    if not isinstance(found, dict) or not _is_plain(found, depth=3):
        raise PackageRefused(refusals.BAD_FACTS)
    return found


def read_evaluation(content: Mapping[str, Any], manifest: Manifest) -> dict[str, Any]:
    """What pages may show of it: each part of the shape that the evaluator writes, or refused.

    An empty evaluation stays empty. Raises PackageRefused.
    """
    if not content:
        return {}
    classes = list(manifest.classes)
    try:
        if content["schema"] != 1 or content["classes"] != classes:
            raise ValueError("another schema, or other classes")
        return {
            "schema": 1,
            "classes": classes,
            "positive": manifest.positive,
            **{name: _number(content.get(name)) for name in COUNTS},
            "figures": _figures(content["figures"], classes),
            **_parts(content, classes),
            **LEFT_OUT,
        }
    except (KeyError, TypeError, ValueError, AttributeError) as problem:
        raise PackageRefused(refusals.BAD_FACTS) from problem


def _parts(content: Mapping[str, Any], classes: list[str]) -> dict[str, Any]:
    """Curves and tables, those that are there."""
    found: dict[str, Any] = {
        name: _points(content[name], columns)
        for name, columns in CURVES.items()
        if content.get(name) is not None
    }
    if (confusion := content.get("confusion")) is not None:
        found["confusion"] = {"classes": classes, "rows": _square(confusion, classes)}
    if (calibration := content.get("calibration")) is not None:
        found["calibration"] = _calibration(calibration)
    return found


def _figures(content: Any, classes: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in content.items():
        if name == "accuracy_classes":
            found[name] = _by_class(value, classes)
        else:
            found[_name(name)] = _figure(value)
    return found


def _by_class(value: Any, classes: list[str]) -> Any:
    """One figure, or one for each class."""
    if isinstance(value, dict) and value.keys() == set(classes):
        return {code: _figure(value[code]) for code in classes}
    return _figure(value)


def _figure(value: Any) -> dict[str, float | None]:
    return {part: _number(value[part]) for part in FIGURE}


def _square(content: Any, classes: list[str]) -> list[list[float | None]]:
    rows = [[_number(value) for value in row] for row in content["rows"]]
    if content["classes"] != classes or {len(row) for row in rows} | {len(rows)} != {len(classes)}:
        raise ValueError("a confusion matrix of other classes")
    return rows


def _calibration(content: Any) -> dict[str, Any]:
    return {"bins": _points(content["bins"], BINS), "ece": _number(content["ece"])}


def _points(content: Any, columns: tuple[str, ...]) -> list[dict[str, float | None]]:
    if not isinstance(content, list) or len(content) > MOST_POINTS:
        raise ValueError("no curve")
    return [{column: _number(row[column]) for column in columns} for row in content]


def _number(value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError("no number")
    # JSON's integers may be too large to become a float at all.
    if (isinstance(value, int) and abs(value) > 10**12) or not math.isfinite(value):
        raise ValueError("no number that can be")
    return value


def _name(value: str) -> str:
    if not value.replace("_", "").isalnum() or len(value) > 40:
        raise ValueError("no name of a figure")
    return value


def _is_plain(value: Any, depth: int) -> bool:
    """Texts and numbers of bounded size, in few levels."""
    if isinstance(value, dict):
        texts = all(isinstance(key, str) and len(key) <= MOST_BYTES_OF_TEXT for key in value)
        inside = all(_is_plain(each, depth - 1) for each in value.values())
        return depth > 0 and len(value) <= 50 and texts and inside
    if isinstance(value, list):
        return depth > 0 and len(value) <= 50 and all(_is_plain(e, depth - 1) for e in value)
    if isinstance(value, str):
        return len(value) <= MOST_BYTES_OF_TEXT
    return value is None or isinstance(value, (bool, int, float))
