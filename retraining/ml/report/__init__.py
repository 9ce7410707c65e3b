"""How good a model is on patients it never met: the evaluation that each version keeps as JSON.

Arrays in, plain dictionaries out, JSON-ready: no NaN, no numpy; a figure that the data cannot give
is None. The schema stands in docs/evaluation.md.
"""

from retraining.ml.report.cases import TestCases
from retraining.ml.report.comparison import compare
from retraining.ml.report.development import Development
from retraining.ml.report.generalisation import generalisation
from retraining.ml.report.learning import learning_curve
from retraining.ml.report.site_shift import leave_one_site_out, site_prediction
from retraining.ml.report.summary import SCHEMA, report_of

__all__ = [
    "SCHEMA",
    "Development",
    "TestCases",
    "compare",
    "generalisation",
    "learning_curve",
    "leave_one_site_out",
    "report_of",
    "site_prediction",
]
