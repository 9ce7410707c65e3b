"""The curves of a training, epoch by epoch: loss, accuracy and area under the ROC curve."""

from typing import Any, Final

from django.utils.translation import gettext as _

from retraining.charts.chart import Chart, Column
from retraining.models import TrainingRun

KINDS: Final = ("loss", "accuracy", "auc")


def training_charts(run: TrainingRun, epochs: list[dict[str, Any]]) -> list[Chart]:
    """`epochs`: rows with `epoch` and `train_KIND`, `validation_KIND`; the browser adds more."""
    titles = {"loss": _("Loss"), "accuracy": _("Accuracy"), "auc": _("AUC")}
    return [_chart(kind, titles[kind], epochs) for kind in KINDS]


def _chart(kind: str, title: str, epochs: list[dict[str, Any]]) -> Chart:
    columns = (
        Column("epoch", _("Epoch")),
        Column(f"train_{kind}", _("Training")),
        Column(f"validation_{kind}", _("Validation")),
    )
    rows = [[epoch[column.key] for column in columns] for epoch in epochs]
    drawing = {
        "kind": "epochs", "x": _("Epoch"), "y": title,
        "names": [column.label for column in columns[1:]],
        "keys": [column.key for column in columns],
        "points": rows,
    }  # fmt: skip
    return Chart(kind, title, "", columns, rows, drawing)
