"""The charts of an evaluation (docs/evaluation.md), in the order of the page."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from django.utils.translation import gettext as _

from images.models import Target
from retraining.charts.chart import Chart, Column
from retraining.charts.groups import group_charts, left_out_chart, site_prediction_chart
from retraining.charts.learning import learning_chart
from retraining.charts.words import class_names

Evaluation = Mapping[str, Any]


def charts_of(evaluation: Evaluation, target: Target) -> list[Chart]:
    """All that the evaluation has evidence for, without the one of the threshold."""
    found = [
        *(build(evaluation) for build in _BUILDERS),
        classes_chart(evaluation, target),
        learning_chart(evaluation.get("learning_curve"), class_names(target)),
    ]
    return [
        *(chart for chart in found if chart is not None),
        *group_charts(evaluation.get("groups") or {}),
        *left_out_chart(evaluation.get("left_out_sites") or []),
        *site_prediction_chart(evaluation.get("site_prediction"), class_names(target)),
    ]


def chart_named(name: str, evaluation: Evaluation, target: Target) -> Chart | None:
    charts = [*charts_of(evaluation, target), threshold_chart(evaluation, target)]
    return next((chart for chart in charts if chart is not None and chart.name == name), None)


def classes_chart(evaluation: Evaluation, target: Target) -> Chart | None:
    """Which class was taken for which; of two classes, the threshold's matrix says it all."""
    confusion = evaluation.get("confusion")
    if not confusion or len(confusion["classes"]) < 3:
        return None
    codes, rows = confusion["classes"], confusion["rows"]
    known = class_names(target)
    names = [known.get(code, code) for code in codes]
    said = [Column(f"said_{code}", name) for code, name in zip(codes, names, strict=True)]
    return Chart(
        "classes",
        _("Confusion of the classes"),
        _("Each row is what the confirming test said, each column what the model said."),
        (Column("truth", _("Ground truth")), *said),
        [[name, *counts] for name, counts in zip(names, rows, strict=True)],
        _matrix(names, names, rows),
    )


def threshold_chart(evaluation: Evaluation, target: Target) -> Chart | None:
    """Counts of the positive class against the rest at each threshold: what the slider shows."""
    cuts = sorted(evaluation.get("cuts") or [], key=lambda cut: float(cut["threshold"]))
    if not cuts:
        return None
    code = str(evaluation.get("positive"))
    positive, rest = class_names(target).get(code, code), _rest(evaluation, target)
    columns = (
        Column("threshold", _("Threshold")),
        Column("tp", _("Rightly found")),
        Column("fn", _("Missed")),
        Column("fp", _("False alarms")),
        Column("tn", _("Rightly left alone")),
    )
    wanted = float(evaluation.get("threshold") or 0.5)
    start = min(range(len(cuts)), key=lambda place: abs(cuts[place]["threshold"] - wanted))
    cut = cuts[start]
    drawing = _matrix(
        [positive, rest], [positive, rest], [[cut["tp"], cut["fn"]], [cut["fp"], cut["tn"]]]
    )
    rows = [[each[column.key] for column in columns] for each in cuts]
    return Chart(
        "confusion",
        _("Confusion matrix and threshold"),
        _("Move the threshold and see what it costs. This changes nothing but the picture."),
        columns,
        rows,
        drawing | {"cuts": rows, "start": start},
    )


def _rest(evaluation: Evaluation, target: Target) -> str:
    """The other class of two, or all others."""
    others = [code for code in evaluation.get("classes") or [] if code != evaluation["positive"]]
    return class_names(target).get(others[0], others[0]) if len(others) == 1 else _("All others")


def _matrix(truths: list[str], answers: list[str], rows: list[list[int]]) -> dict[str, Any]:
    return {
        "kind": "matrix", "truths": truths, "answers": answers, "rows": rows,
        "truth": _("Ground truth"), "said": _("The model says"), "unit": _("cases"),
    }  # fmt: skip


def _roc(evaluation: Evaluation) -> Chart | None:
    points = evaluation.get("roc") or []
    if not points:
        return None
    columns = (
        Column("fpr", _("False alarms (1 − specificity)")),
        Column("tpr", _("Sensitivity")),
        Column("threshold", _("Threshold")),
    )
    rows = [[point["fpr"], point["tpr"], point["threshold"]] for point in points]
    figures = evaluation.get("figures") or {}
    mark = [_away(figures.get("specificity")), _value(figures.get("sensitivity"))]
    return Chart(
        "roc",
        _("ROC curve"),
        _("Sensitivity against false alarms as the threshold moves. The dashed line is chance."),
        columns,
        rows,
        _curve(columns, rows, mark) | {"diagonal": True},
    )


def _precision(evaluation: Evaluation) -> Chart | None:
    points = evaluation.get("pr") or []
    if not points:
        return None
    columns = (
        Column("recall", _("Sensitivity")),
        Column("precision", _("PPV")),
        Column("threshold", _("Threshold")),
    )
    rows = [[point["recall"], point["precision"], point["threshold"]] for point in points]
    figures = evaluation.get("figures") or {}
    mark = [_value(figures.get("sensitivity")), _value(figures.get("ppv"))]
    share = evaluation["positives"] / evaluation["n"] if evaluation.get("n") else None
    return Chart(
        "precision-recall",
        _("Precision and sensitivity"),
        _("How many of those called positive are. The dashed line is calling everybody positive."),
        columns,
        rows,
        _curve(columns, rows, mark) | {"level": share},
    )


def _curve(
    columns: tuple[Column, ...], rows: list[Any], mark: list[float | None]
) -> dict[str, Any]:
    across, up, threshold = columns
    return {
        "kind": "curve", "x": across.label, "y": up.label, "third": threshold.label,
        "name": _("Model"), "points": rows,
        "mark": None if None in mark else mark, "mark_name": _("Operating point"),
    }  # fmt: skip


def _calibration(evaluation: Evaluation) -> Chart | None:
    bins = (evaluation.get("calibration") or {}).get("bins") or []
    if not bins:
        return None
    columns = (
        Column("low", _("Probability from")), Column("high", _("to")),
        Column("n", _("Cases")), Column("mean", _("Mean probability")),
        Column("share", _("Share of positives")),
        Column("share_low", _("Interval from")), Column("share_high", _("to")),
    )  # fmt: skip
    rows = [[each.get(column.key) for column in columns] for each in bins]
    points = [each for each in bins if each.get("n")]
    return Chart(
        "calibration",
        _("Calibration"),
        _(
            "Of cases that are given four chances in five, four in five should be positive: then "
            "they lie on the dashed line."
        ),
        columns,
        rows,
        {
            "kind": "calibration", "x": _("Mean probability"), "y": _("Share of positives"),
            "name": _("Model"), "interval": _("95 % interval"), "cases": _("Cases"),
            "points": [
                [each["mean"], each["share"], each["share_low"], each["share_high"], each["n"]]
                for each in points
            ],
        },
    )  # fmt: skip


def _value(found: Mapping[str, Any] | None) -> float | None:
    return None if found is None else found.get("value")


def _away(found: Mapping[str, Any] | None) -> float | None:
    value = _value(found)
    return None if value is None else 1 - value


_BUILDERS: Final[tuple[Callable[[Evaluation], Chart | None], ...]] = (
    _roc, _precision, _calibration,
)  # fmt: skip
