"""Charts by institution, sex, age and view, and with one institution left out of the training."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from retraining.charts.chart import Cell, Chart, Column
from retraining.charts.words import FIGURES, group_name, site_names

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

TITLES: "Final[dict[str, StrOrPromise]]" = {
    "site": gettext_lazy("By institution"),
    "sex": gettext_lazy("By sex"),
    "age": gettext_lazy("By age"),
    "view": gettext_lazy("By view"),
}
SHOWN: Final = ("auc", "sensitivity", "specificity")
Row = Mapping[str, Any]


def group_charts(groups: Mapping[str, Sequence[Row]]) -> list[Chart]:
    return [_group_chart(kind, groups[kind]) for kind in TITLES if groups.get(kind)]


def left_out_chart(rows: Sequence[Row]) -> list[Chart]:
    """None or one: what a model that never saw an institution makes of it."""
    if not rows:
        return []
    names = site_names({str(row["site"]) for row in rows})
    named = [(names[str(row["site"])], row) for row in rows]
    text = _(
        "A model trained without an institution, tested on it: what a new hospital could expect. "
        "Of training and validation patients, not of the test."
    )
    return [_forest("left-out", _("Each institution left out"), text, named, ("auc",))]


def site_prediction_chart(found: Row | None, names: Mapping[str, str]) -> list[Chart]:
    """None or one: how well the institution can be told from the very same features."""
    if not found or not found.get("auc"):
        return []
    within = found.get("within") or []
    named = [
        (_("All cases"), found),
        *((names.get(row["class"], row["class"]), row) for row in within),
    ]
    text = _(
        "The institution, told from the same features: 0.5 is chance. Where it is easily told, a "
        "model can learn the hospital in place of the disease. Below: inside each class alone."
    )
    columns = (Column("group", _("Group")), Column("n", _("Cases")), *_interval_columns("auc"))
    rows: list[list[Cell]] = [[label, row["n"], *_ends(row.get("auc"))] for label, row in named]
    drawing = _drawing(named, ("auc",))
    return [Chart("site-prediction", _("Telling the institution"), text, columns, rows, drawing)]


def _group_chart(kind: str, rows: Sequence[Row]) -> Chart:
    keys = [str(row["key"] or "") for row in rows]
    names = (
        site_names(set(keys)) if kind == "site" else {key: group_name(kind, key) for key in keys}
    )
    named = [(names[key], row) for key, row in zip(keys, rows, strict=True)]
    text = _("Groups of fewer than 5 patients are counted, not judged. Lines are 95 % intervals.")
    return _forest(f"by-{kind}", str(TITLES[kind]), text, named, SHOWN)


def _forest(
    name: str, title: str, text: str, named: list[tuple[str, Row]], shown: Sequence[str]
) -> Chart:
    columns = (
        Column("group", _("Group")), Column("n", _("Cases")), Column("positives", _("Positives")),
        *(column for code in shown for column in _interval_columns(code)),
    )  # fmt: skip
    rows: list[list[Cell]] = [
        [
            label,
            row["n"],
            row["positives"],
            *(end for code in shown for end in _ends(row.get(code))),
        ]
        for label, row in named
    ]
    return Chart(name, title, text, columns, rows, _drawing(named, shown))


def _interval_columns(code: str) -> list[Column]:
    return [
        Column(code, str(FIGURES[code])),
        Column(f"{code}_low", _("Interval from")),
        Column(f"{code}_high", _("to")),
    ]


def _drawing(named: list[tuple[str, Row]], shown: Sequence[str]) -> dict[str, Any]:
    """Empty where no group has a figure: then the table says how many there are."""
    series = [
        {"name": str(FIGURES[code]), "points": [_ends(row.get(code)) for _name, row in named]}
        for code in shown
    ]
    if all(point[0] is None for one in series for point in one["points"]):
        return {}
    groups = [f"{label}\n(n = {row['n']})" for label, row in named]
    return {"kind": "forest", "groups": groups, "series": series, "interval": _("95 % interval")}


def _ends(found: Row | None) -> list[Cell]:
    """Value, low and high."""
    return [None, None, None] if not found else [found.get(end) for end in ("value", "low", "high")]
