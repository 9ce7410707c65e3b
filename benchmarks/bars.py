"""What the figures are held against, in plain words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Bar:
    """`figure` is a key of the part's result, with dots into the dictionaries below it.

    A figure without `at_most` and `at_least` is shown for information.
    """

    part: str
    figure: str
    says: str
    unit: str = ""
    at_most: float | None = None
    at_least: float | None = None

    def of(self, result: Mapping[str, Any]) -> float | None:
        """The figure of a part's result, None where it is missing."""
        value: Any = result
        for key in self.figure.split("."):
            value = value.get(key) if isinstance(value, Mapping) else None
        return float(value) if isinstance(value, int | float) else None

    def judge(self, value: float) -> str:
        if self.at_most is None and self.at_least is None:
            return ""
        low = self.at_most is None or value <= self.at_most
        high = self.at_least is None or value >= self.at_least
        return "met" if low and high else "missed"

    @property
    def wanted(self) -> str:
        if self.at_most is not None:
            return f"at most {self.at_most:g}{self.unit}"
        return "" if self.at_least is None else f"at least {self.at_least:g}{self.unit}"


BARS = (
    Bar("peers", "times_torch_eager", "Faster than torchvision eager", "x", at_least=3.5),
    Bar("peers", "times_onnxruntime", "Faster than ONNX Runtime", "x", at_least=2.0),
    Bar("peers", "times_torch_channels_last", "Faster than torch channels_last", "x"),
    Bar("peers", "times_openvino", "Faster than OpenVINO (fp32)", "x"),
    Bar("peers", "times_ncnn", "Faster than ncnn", "x"),
    Bar("peers", "times_torch_eager_without_amx", "Without AMX: than torchvision eager", "x"),
    Bar("peers", "times_onnxruntime_without_amx", "... than ONNX Runtime", "x"),
    Bar("peers", "times_torch_eager_by_median", "... than torchvision eager, by medians", "x"),
    Bar("peers", "times_onnxruntime_by_median", "... than ONNX Runtime, by medians", "x"),
    Bar("peers", "median_over_best", "Noise: the worst median, of its best", "x"),
    Bar("peers", "relative_error_ours", "Relative error against torch fp32", "", at_most=1e-3),
    Bar("engines", "batch_of_one_over_best", "Batch of 1, of the best per image", "x", at_most=1.1),
    Bar("engines", "single.ours.median_ms", "One radiograph, features alone (median)", " ms"),
    Bar("decode", "times_faster_at_1/4", "7.5 Mpixel JPEG decoded at 1/4: faster", "x"),
    Bar("growth", "last_over_first_cost", "Cost per image at 2,000, of that at 50", "x"),
    Bar("growth", "last_over_first_memory", "Memory at 2,000 images, of that at 50", "x"),
    Bar("cache", "load_seconds", "10,000 cached vectors loaded", " s", at_most=2.0),
    Bar("similar", "by_role.administrator.median_ms", "Similar cases among 100,000, administrator",
        " ms", at_most=50.0),
    Bar("similar", "by_role.doctor.median_ms", "... doctor", " ms", at_most=50.0),
    Bar("similar", "by_role.researcher.median_ms", "... researcher", " ms", at_most=50.0),
    Bar("repredict", "seconds", "10,000 images predicted again", " s", at_most=30.0),
    Bar("list_rows", "postgresql.worst_page_p95_ms",
        "200 rows of 1,000,000, PostgreSQL, slowest way to ask (p95)", " ms", at_most=200.0),
    Bar("list_rows", "postgresql.worst_api_p95_ms", "... by the API", " ms", at_most=200.0),
    Bar("list_rows", "sqlite.worst_page_p95_ms",
        "200 rows of 100,000, SQLite, slowest way to ask (p95)", " ms", at_most=200.0),
    Bar("list_rows", "sqlite.worst_api_p95_ms", "... by the API", " ms", at_most=200.0),
    Bar("laboratory_table", "sqlite.csv_all.seconds",
        "10,000 rows of a laboratory, CSV, dry run on SQLite", " s", at_most=10.0),
    Bar("laboratory_table", "sqlite.xlsx_all.seconds", "... XLSX", " s"),
    Bar("laboratory_table", "sqlite.csv_memory_of_a_tenth",
        "... memory, of that of 1,000 rows, CSV", "x", at_most=1.05),
    Bar("laboratory_table", "sqlite.xlsx_memory_of_a_tenth", "... XLSX", "x", at_most=1.05),
    Bar("laboratory_table", "postgresql.csv_all.seconds",
        "10,000 rows of a laboratory, CSV, dry run on PostgreSQL", " s", at_most=10.0),
    Bar("laboratory_table", "postgresql.xlsx_all.seconds", "... XLSX", " s"),
    Bar("laboratory_table", "postgresql.csv_memory_of_a_tenth",
        "... memory, of that of 1,000 rows, CSV", "x", at_most=1.05),
    Bar("laboratory_table", "postgresql.csv_all.apply_ms_per_row", "... written, a row", " ms"),
    Bar("label_impact", "seconds", "What labels would change, 905 cases", " s", at_most=15.0),
    Bar("label_impact", "inside_percent", "Full retrains inside the predicted interval", " %",
        at_least=90.0),
    Bar("end_to_end", "wall_over_bare", "500 images, 4 users, of the bare loop", "x", at_most=1.1),
    Bar("end_to_end", "wall_over_bare_by_median", "... by medians", "x"),
    Bar("end_to_end", "processor_over_bare", "... processor time of all processes", "x"),
    Bar("end_to_end", "one_by_one_over_bare", "... each film by a request of its own", "x"),
    Bar("end_to_end", "one_user_over_bare", "... 1 user", "x"),
    Bar("end_to_end", "memory_off_by_percent", "Worker memory, image 50 to 500", " %", at_most=5.0),
    Bar("end_to_end", "alone.median_seconds", "Single upload, nothing else on (median)", " s"),
    Bar("end_to_end", "p95_during_a_batch_seconds", "Single upload during a batch (p95)", " s",
        at_most=3.0),
    Bar("end_to_end", "during_a_batch.singles", "... single uploads that were counted", "",
        at_least=20),
    Bar("retrain", "seconds.1000", "A head on 1,000 cached cases, button to registry", " s",
        at_most=10.0),
    Bar("retrain", "seconds.10000", "... 10,000", " s", at_most=60.0),
    Bar("retrain", "peak_mb", "... most memory of its process", " MB", at_most=2000.0),
    Bar("retrain", "growth_exponent", "... growth from 1,000 to 10,000 (1: linear)", "",
        at_most=1.0),
    Bar("retrain", "network_over_run", "Making the features anew, of a run on 10,000", "x"),
    Bar("retrain_chestxray", "binary.covid-xr-c.auc", "Model C, 905 films, AUC out of fold", "",
        at_least=0.985),
    Bar("retrain_chestxray", "binary.covid-xr-c.sensitivity",
        "... sensitivity at specificity 96.5 %", "", at_least=0.9),
    Bar("retrain_chestxray", "three_classes.logistic-log.accuracy",
        "Three classes, 5-fold, logistic regression on logarithms", "", at_least=0.83),
    Bar("retrain_chestxray", "three_classes.logistic.accuracy", "... plain logistic regression"),
    Bar("retrain_chestxray", "three_classes.covid-xr-c.accuracy", "... model C"),
    Bar("retrain_latency", "over.heads.p95",
        "Single upload while heads are trained (p95), of that without", "x", at_most=1.2),
    Bar("retrain_latency", "over.heads.median", "... median", "x"),
    Bar("retrain_latency", "over.network.p95", "... while a whole network is trained (p95)", "x",
        at_most=1.2),
    Bar("retrain_latency", "over.network.median", "... median", "x"),
    Bar("retrain_latency", "waited.nothing.p95_seconds", "Single upload without a training (p95)",
        " s"),
    Bar("gpu", "share_of_peak", "GPU: share of the measured bf16 peak", "", at_least=0.4),
    Bar("gpu", "images_per_second", "GPU: files to stored predictions", " images/s", at_least=2000),
)  # fmt: skip
