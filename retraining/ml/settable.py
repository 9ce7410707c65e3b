"""What of a recipe a person may set, and within which bounds."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Final


class BadRecipe(ValueError):
    """An architecture, extractor or value that cannot be trained with; the message says which."""


def _whole(low: int, high: int) -> Callable[[Any], bool]:
    return lambda v: isinstance(v, int) and not isinstance(v, bool) and low <= v <= high


def _number(low: float, high: float) -> Callable[[Any], bool]:
    return lambda v: (
        isinstance(v, (int, float)) and not isinstance(v, bool)
        and math.isfinite(v) and low <= v <= high
    )  # fmt: skip


def _one_of(*words: str) -> Callable[[Any], bool]:
    return lambda v: isinstance(v, str) and v in words


def _or_none(check: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda v: v is None or check(v)


# By name of the field of ``TrainingSpec``: in words, and as a check.
_RULES: Final[Mapping[str, tuple[str, Callable[[Any], bool]]]] = {
    "epochs": ("a whole number from 1 to 500", _whole(1, 500)),
    "batch_size": ("a whole number from 2 to 1024", _whole(2, 1024)),
    "learning_rate": ("a number from 0.0000001 to 1", _number(1e-7, 1.0)),
    "balance": (
        "none, weights, oversample or undersample",
        _one_of("none", "weights", "oversample", "undersample"),
    ),
    "patience": ("nothing, or a whole number from 1 to 500", _or_none(_whole(1, 500))),
    "sensitivity": ("nothing, or a share from 0.01 to 1", _or_none(_number(0.01, 1.0))),
    "seed": ("a whole number from 0 to 4294967295", _whole(0, 2**32 - 1)),
    "error_rate": ("nothing, or a share from 0.01 to 0.5", _or_none(_number(0.01, 0.5))),
    "optimizer": ("adamw or rmsprop", _one_of("adamw", "rmsprop")),
}
SETTABLE: Final = frozenset(_RULES)


def refuse_bad(name: str, value: Any) -> None:
    """Raises BadRecipe for what cannot be set, or not to this value."""
    if name not in _RULES:
        raise BadRecipe(f"{name!r} cannot be set")
    wanted, is_good = _RULES[name]
    if not is_good(value):
        raise BadRecipe(f"{name}: {value!r} is not {wanted}")
