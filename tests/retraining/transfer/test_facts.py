"""An evaluation from elsewhere is read part by part; nothing of another shape reaches a page."""

from copy import deepcopy

import pytest

from images.models import Target
from retraining.transfer.facts import LEFT_OUT, read_environment, read_evaluation
from retraining.transfer.refusals import PackageRefused
from tests.engines import manifest_of
from tests.retraining.registry import evaluation_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def written(db):
    return evaluation_of(Target.objects.get(code="covid-19"))


@pytest.fixture
def manifest(written):
    return manifest_of("1", classes=tuple(written["classes"]))


def test_what_the_evaluator_writes_is_read(written, manifest):
    found = read_evaluation(written, manifest)
    for name in found.keys() - LEFT_OUT.keys():
        assert found[name] == written[name], name


def test_no_evaluation_stays_none(manifest):
    assert read_evaluation({}, manifest) == {}


def test_a_part_that_is_not_there_stays_away(written, manifest):
    del written["calibration"]
    found = read_evaluation(written | {"roc": None}, manifest)
    assert not {"calibration", "roc"} & found.keys()


def test_what_is_not_known_is_left_behind(written, manifest):
    found = read_evaluation(written | {"script": "<script>"}, manifest)
    assert "script" not in found


CHANGES = {
    "schema": lambda e: e.update(schema=2),
    "classes": lambda e: e.update(classes=["a", "b"]),
    "no-figures": lambda e: e.pop("figures"),
    "figure-text": lambda e: e["figures"]["auc"].update(value="0.9"),
    "figure-name": lambda e: e["figures"].update({"<b>": e["figures"]["auc"]}),
    "figure-part": lambda e: e["figures"]["auc"].pop("low"),
    "infinite": lambda e: e["figures"]["auc"].update(value=float("inf")),
    "huge": lambda e: e.update(n=10**400),
    "true": lambda e: e.update(threshold=True),
    "curve-text": lambda e: e["roc"][0].update(fpr="<b>"),
    "curve-no-list": lambda e: e.update(roc={}),
    "curve-short": lambda e: e["cuts"][0].pop("tp"),
    "curve-long": lambda e: e.update(pr=e["pr"][:1] * 1000),
    "matrix": lambda e: e["confusion"].update(rows=[[1]]),
    "matrix-text": lambda e: e["confusion"].update(rows=[["1", "2"], ["3", "4"]]),
    "calibration": lambda e: e.update(calibration=[]),
    "bins": lambda e: e["calibration"].update(bins="many"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_another_shape_is_refused(written, manifest, change):
    altered = deepcopy(written)
    change(altered)
    with pytest.raises(PackageRefused):
        read_evaluation(altered, manifest)


@pytest.mark.parametrize(
    "environment",
    [
        None, [], "text", {"a": {"b": {"c": {"d": 1}}}}, {"a": "x" * 300},
        {str(number): 1 for number in range(60)}, {"a": [1] * 60},
    ],
    ids=["none", "list", "text", "deep", "long", "many", "long-list"],
)  # fmt: skip
def test_an_environment_of_another_shape_is_refused(environment):
    with pytest.raises(PackageRefused):
        read_environment({"format": 1, "environment": environment})


@pytest.mark.parametrize("version", [None, 2, True, "1"])
def test_another_format_is_refused(version):
    with pytest.raises(PackageRefused):
        read_environment({"format": version, "environment": {}})
