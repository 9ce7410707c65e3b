"""The page of a version: every part of its evaluation, as picture, table and file."""

import csv
import io
import json
import re

import pytest
from django.urls import reverse
from django.utils import translation

from images.models import Target
from retraining.charts import charts_of, threshold_chart
from retraining.version_page import comparison_of
from tests.retraining import registry

ENGLISH = {"accept-language": "en"}
CHARTS = {
    "roc", "precision-recall", "calibration", "learning", "by-site", "by-sex", "by-age", "by-view",
    "left-out", "site-prediction", "confusion",
}  # fmt: skip


@pytest.fixture
def client(actor, covid):
    return actor("administrator")


@pytest.fixture
def version(covid, site, other_site, administrator):
    run = registry.make_run(covid, administrator, status="done")
    return registry.make_version(
        covid, administrator, run=run, snapshot=registry.make_snapshot(covid),
        environment={"libraries": {"torch": "2.13.0"}, "python": "3.11.2"},
    )  # fmt: skip


@pytest.fixture
def show(client):
    def load(version, language="en"):
        address = reverse("retraining:version", args=[version.pk])
        return client.get(address, headers={"accept-language": language})

    return load


@pytest.fixture
def file_of(client):
    def load(version, name):
        return client.get(reverse("retraining:chart_csv", args=[version.pk, name]))

    return load


def drawings(text: str) -> dict[str, dict]:
    found = re.findall(
        r'<script id="drawing-([\w-]+)" type="application/json">(.*?)</script>', text
    )
    return {name: json.loads(content) for name, content in found}


def test_every_chart_has_its_picture_its_table_and_its_file(show, file_of, version):
    text = show(version).content.decode()
    assert set(drawings(text)) == CHARTS
    for name in CHARTS:
        assert f'data-chart="{name}"' in text
        assert f'data-rows="{name}"' in text
        assert f'data-png="{name}"' in text
        assert file_of(version, name).status_code == 200


def test_figures_have_their_intervals(show, version):
    figures = {figure.code: figure for figure in show(version).context["figures"]}
    assert list(figures) == [
        "auc", "sensitivity", "specificity", "ppv", "npv", "accuracy", "f1", "brier",
    ]  # fmt: skip
    found = version.evaluation["figures"]["auc"]
    assert figures["auc"].value == f"{found['value']:.3f}"
    assert figures["auc"].interval == f"{found['low']:.3f} to {found['high']:.3f}"
    assert figures["sensitivity"].value.endswith("\N{NO-BREAK SPACE}%")


def test_numbers_follow_the_language(show, version):
    figure = show(version, "es").context["figures"][0]
    assert figure.value == f"{version.evaluation['figures']['auc']['value']:.3f}".replace(".", ",")


def test_a_figure_that_cannot_be_said_is_a_dash(show, covid):
    evaluation = registry.evaluation_of(covid)
    evaluation["figures"]["ppv"] = {"value": None, "low": None, "high": None}
    version = registry.make_version(covid, evaluation=evaluation)
    assert {f.code: f.value for f in show(version).context["figures"]}["ppv"] == "–"


def test_a_file_has_plain_numbers(file_of, version):
    answer = file_of(version, "roc")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
    points = version.evaluation["roc"]
    assert len(rows) == len(points)
    assert [float(row["tpr"]) for row in rows] == [point["tpr"] for point in points]
    assert answer.headers["Content-Disposition"] == 'attachment; filename="covid-19-1-roc.csv"'
    assert answer.headers["Content-Type"].startswith("text/csv")


def test_a_name_that_a_spreadsheet_would_run_is_only_text(file_of, version, site):
    site.name = "=1+1"
    site.save()
    assert "'=1+1" in file_of(version, "by-site").content.decode()


@pytest.mark.parametrize("name", ["nothing", "classes"])
def test_no_file_of_a_chart_that_is_not_there(file_of, version, name):
    assert file_of(version, name).status_code == 404


def test_institutions_are_named(version, site, other_site):
    charts = {chart.name: chart for chart in charts_of(version.evaluation, version.target)}
    names = [row[0] for row in charts["by-site"].rows]
    assert {site.name, other_site.name, "far"} == set(names)


def test_the_slider_begins_at_the_operating_point(version):
    chart = threshold_chart(version.evaluation, version.target)
    start = chart.drawing["cuts"][chart.drawing["start"]]
    assert start[0] == pytest.approx(version.evaluation["threshold"])
    [[tn, fp], [fn, tp]] = version.evaluation["confusion"]["rows"]
    assert chart.drawing["rows"] == [[tp, fn], [fp, tn]]


def test_three_classes_have_a_matrix_of_their_own(show, db):
    target = Target.objects.get(code="chest-three-classes")
    version = registry.make_version(target)
    answer = show(version)
    found = drawings(answer.content.decode())
    assert found["classes"]["rows"] == version.evaluation["confusion"]["rows"]
    assert found["confusion"]["answers"] == ["COVID-19", "All others"]
    assert "accuracy_classes" in [figure.code for figure in answer.context["figures"]]


def test_the_comparison_is_told_by_its_interval(version):
    found = {"difference": 0.02, "p": 0.01, "test": "delong", "version": "x", "figures": {}}
    with translation.override("en"):
        for low, high, verdict in [(0.01, 0.03, "better"), (-0.03, -0.01, "worse"),
                                   (-0.01, 0.03, "even"), (None, None, "even")]:  # fmt: skip
            told = comparison_of({"comparison": found | {"low": low, "high": high}})
            assert told.verdict == verdict
            assert told.difference == "+0.020"
            assert "DeLong" in told.test


def test_the_comparison_is_shown(show, version):
    answer = show(version)
    assert answer.context["comparison"].other == "covid-xr-0"
    text = answer.content.decode()
    assert "may have been trained with some of these patients" in text
    assert version.evaluation["comparison"]["test"] in ("delong", "bootstrap")


def test_advice_is_in_words(version):
    with translation.override("en"):
        charts = {chart.name: chart for chart in charts_of(version.evaluation, version.target)}
    told = charts["learning"].sentences
    advice = version.evaluation["learning_curve"]["advice"]
    said = [each for each in advice if each["gain"] is not None]
    assert 0 < len(said) < len(advice)
    assert len(told) == len(said) + 1
    assert all("points of AUC" in sentence for sentence in told[:-1])
    assert "cannot be said of:" in told[-1]


def test_where_it_comes_from(show, version):
    answer = show(version)
    text = answer.content.decode()
    for word in (version.weights_sha256, version.sha256, version.snapshot.sha256, "2.13.0", "0.31"):
        assert word in text
    assert [part.cases for part in answer.context["splits"]] == [70, 10, 20]


def test_unsure_answers(show, version):
    context = show(version).context
    assert context["unsure"][0][1] == "10.0\N{NO-BREAK SPACE}%"
    assert {row.name for row in context["unsure_classes"]} == {"COVID-19", "No COVID-19"}


def test_pieces_of_the_page_come_by_themselves(show, version):
    text = show(version).content.decode()
    for name in ("gate", "audit", "reproduction"):
        assert f'hx-get="{reverse(f"retraining:{name}", args=[version.pk])}"' in text
    for kind in ("md", "json", "pdf"):
        assert reverse("retraining:card", args=[version.pk, kind]) in text
    assert reverse("retraining:export", args=[version.pk]) in text


def test_an_imported_model_without_evidence(show, covid):
    version = registry.make_version(covid, evaluation={}, origin="imported")
    answer = show(version)
    assert answer.status_code == 200
    assert "was not evaluated" in answer.content.decode()
    assert drawings(answer.content.decode()) == {}


def test_groups_too_small_to_judge_are_counted(covid):
    evaluation = registry.evaluation_of(covid)
    row = {"key": "F", "n": 3, "patients": 3, "positives": 1, "auc": None, "sensitivity": None,
           "specificity": None}  # fmt: skip
    evaluation["groups"] = {"sex": [row]}
    chart = {each.name: each for each in charts_of(evaluation, covid)}["by-sex"]
    assert chart.rows[0][1:] == [3, 1, *[None] * 9]
    assert chart.drawing == {}
