"""The card of a model: its facts, what people read of them, and the files."""

import json
import re

import pytest
from django.urls import reverse
from django.utils import translation

from accounts.models import AuditEntry, Deed
from core.jobs import JobStatus
from retraining.cards import pdf as card_pdf
from retraining.cards.facts import card_of
from retraining.cards.markdown import markdown_of
from retraining.cards.pdf import pdf_of
from retraining.cards.sections import sections_of
from retraining.models import Lane, ModelVersion, ShortcutAudit
from retraining.services.snapshots import take_snapshot
from tests.images.conftest import SIGN_IN, WAITING, answer_of
from tests.retraining import registry, versions
from tests.retraining.lists import confirmed_cases

LIMIT = {"es": "Solo para la investigación.", "en": "For research alone."}


@pytest.fixture
def version(covid, site, other_site, administrator) -> ModelVersion:
    """With everything that a version of this installation has."""
    confirmed_cases(150, site=site, source="BIMCV")
    confirmed_cases(100, site=other_site, first=150, view="AP")
    run = registry.make_run(
        covid, administrator, 12, status=JobStatus.DONE, lane=Lane.FAST, seconds=8.4,
        spec={"recipe": "paper", "sensitivity": 0.9},
    )  # fmt: skip
    artifact, sha256 = versions.put_artifact(
        "covid-19-1", covid, training={"seed": 7, "recipe": {"learning_rate": 0.001}},
        limits=(LIMIT,),
    )  # fmt: skip
    return registry.make_version(
        covid, administrator, run=run, artifact=artifact, sha256=sha256, architecture="logistic",
        snapshot=take_snapshot(target=covid),
        environment={"libraries": {"torch": "2.13.0"}, "code": "0.1.0+abc"},
    )  # fmt: skip


@pytest.fixture
def card(version) -> dict:
    return card_of(version)


def keys(card) -> list[str]:
    return [section.key for section in sections_of(card)]


def test_the_facts_are_json_without_words(card):
    assert json.loads(json.dumps(card, allow_nan=False)) == card
    with translation.override("es"):
        assert card_of(ModelVersion.objects.get()) == card


def test_it_names_what_decides_the_model(card, version):
    assert card["hashes"] == {
        "artifact": version.sha256, "weights": version.weights_sha256, "backbone": None,
        "extractor": card["hashes"]["extractor"], "snapshot": version.snapshot.sha256,
    }  # fmt: skip
    assert card["environment"] == version.environment
    assert card["training"]["recipe"] == {"seed": 7, "recipe": {"learning_rate": 0.001}}
    assert (card["training"]["epochs"], card["training"]["seconds"]) == (12, 8.4)
    assert card["data"]["counts"] == version.snapshot.counts
    assert card["limits"] == [LIMIT]


def test_figures_come_with_their_intervals(card, version):
    auc = version.evaluation["figures"]["auc"]
    assert card["evaluation"]["figures"]["auc"] == auc
    assert auc["low"] < auc["value"] < auc["high"]
    with translation.override("en"):
        text = markdown_of(card)
    line = next(line for line in text.splitlines() if line.startswith("| AUC |"))
    assert all(f"{auc[name]:.3f}" in line for name in ("value", "low", "high"))


def test_curves_stay_on_the_page(card):
    assert {"roc", "pr", "cuts"}.isdisjoint(card["evaluation"])


def test_it_holds_no_key_of_a_case(card, version):
    text = json.dumps(card)
    for row in version.snapshot.cases.select_related("radiograph__patient")[:50]:
        for secret in (row.radiograph_id, row.truth_id, row.group, row.pixel_sha256):
            assert str(secret) not in text
        assert f'"{row.radiograph.patient.code}"' not in text
    assert version.snapshot.division.salt not in text


def test_sections_in_the_order_of_the_paper(card):
    assert keys(card) == [
        "model", "use", "data", "division", "training", "metrics", "groups", "comparison",
        "elsewhere", "limits", "hashes", "environment",
    ]  # fmt: skip


def test_the_audit_is_told(version):
    ShortcutAudit.objects.create(version=version, status=JobStatus.DONE, has_passed=False)
    section = next(each for each in sections_of(card_of(version)) if each.key == "audit")
    with translation.override("en"):
        section = next(each for each in sections_of(card_of(version)) if each.key == "audit")
    assert section.paragraphs[0] == "Not passed."


def test_parts_of_the_division_add_up(card, version):
    with translation.override("en"):
        section = next(each for each in sections_of(card) if each.key == "division")
    [table] = section.tables
    assert table.columns == ["", "Training", "Validation", "Test"]
    assert sum(int(cell) for cell in table.rows[0][1:]) == 250 == version.snapshot.size


def test_institutions_have_their_names(card, site, other_site):
    text = markdown_of(card)
    assert site.name in text
    assert other_site.name in text


@pytest.mark.parametrize("language", ["es", "en"])
def test_it_speaks_both_languages(card, language):
    with translation.override(language):
        text = markdown_of(card)
    assert LIMIT[language] in text
    assert LIMIT[{"es": "en", "en": "es"}[language]] not in text
    assert not re.search(r"%\(|None|nan", text)


def test_a_version_from_elsewhere_says_what_is_known(covid):
    version = registry.make_version(covid, evaluation={}, origin="imported")
    card = card_of(version)
    assert (card["data"], card["training"], card["evaluation"]) == (None, None, None)
    assert keys(card) == ["model", "use", "metrics", "hashes"]
    assert pdf_of(card).startswith(b"%PDF-")


def test_three_classes_and_unknown_figures(covid, version):
    evaluation = version.evaluation
    evaluation["figures"]["auc"] = {"value": None, "low": None, "high": None}
    evaluation |= {"conformal": None, "comparison": None, "left_out_sites": [], "groups": {}}
    card = card_of(version)
    assert {"groups", "comparison", "elsewhere"}.isdisjoint(keys(card))
    assert "| AUC | – |" in markdown_of(card)


def test_markdown_cannot_be_written_by_names(covid, version, site):
    site.name = "A|B <script> `x` [y](z)\n# h"
    site.save()
    text = markdown_of(card_of(version))
    assert r"A\|B \<script\> \`x\` \[y\](z) \# h" in text
    assert "<script>" not in text


def test_every_row_of_a_table_has_its_columns(card):
    widths = None
    for line in markdown_of(card).splitlines():
        cells = len(re.findall(r"(?<!\\)\|", line)) if line.startswith("|") else 0
        assert widths in (None, cells) or not cells or not widths
        widths = cells or None


def words_of_pdf(card) -> str:
    """All that is drawn, in its order."""
    found = []
    for piece in card_pdf._story(card, 480.0):
        rows = getattr(piece, "_cellvalues", [[piece]])
        found += [cell.getPlainText() for row in rows for cell in row]
    return " ".join(" ".join(found).split())


def test_pdf_is_whole_and_the_same_each_time(card):
    content = pdf_of(card)
    assert content.startswith(b"%PDF-")
    assert content.rstrip().endswith(b"%%EOF")
    assert content == pdf_of(card)
    assert len(content) < 300_000


def test_the_pdf_says_all_that_the_sections_say(card):
    drawn = words_of_pdf(card)
    for section in sections_of(card):
        cells = [cell for table in section.tables for row in table.rows for cell in row]
        facts = [text for fact in section.facts for text in fact]
        for text in (section.title, *section.paragraphs, *facts, *cells):
            assert " ".join(text.split()) in drawn


def test_a_name_in_another_script_does_not_break_the_pdf(covid, version, site):
    site.name = "医院 & <b>Oaxaqueño</b>"
    site.save()
    card = card_of(version)
    assert pdf_of(card).startswith(b"%PDF-")
    assert "?? & <b>Oaxaqueño</b>" in words_of_pdf(card)


KINDS = {"md": "text/markdown; charset=utf-8", "json": "application/json", "pdf": "application/pdf"}


def address(version, kind="md") -> str:
    return reverse("retraining:card", args=[version.pk, kind])


@pytest.mark.parametrize("kind", KINDS)
def test_download(sign_in, administrator, version, kind):
    answer = sign_in(administrator).get(address(version, kind))
    assert (answer.status_code, answer["Content-Type"]) == (200, KINDS[kind])
    assert answer["Content-Disposition"] == f'attachment; filename="covid-19-1-card.{kind}"'
    if kind == "json":
        assert answer.json()["model"]["version"] == version.version


def test_a_download_is_noted(sign_in, administrator, version):
    sign_in(administrator).get(address(version, "pdf"))
    entry = AuditEntry.objects.get(subject="model-card")
    assert (entry.actor, entry.deed, entry.subject_id) == (
        administrator, Deed.EXPORTED, version.pk,
    )  # fmt: skip
    assert entry.after == {"version": version.version, "format": "pdf"}


def test_another_kind_is_not_found(sign_in, administrator, version):
    assert sign_in(administrator).get(address(version, "docx")).status_code == 404
    assert not AuditEntry.objects.filter(subject="model-card").exists()


def test_only_asking_is_answered(sign_in, administrator, version):
    assert sign_in(administrator).post(address(version)).status_code == 405


@pytest.mark.parametrize(
    ("who", "expected"),
    [
        ("anonymous", SIGN_IN), ("pending", WAITING), ("health_worker", 403), ("doctor", 403),
        ("researcher", 403), ("site_administrator", 403), ("stranger", 403), ("administrator", 200),
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", KINDS)
def test_access(actor, covid, who, expected, kind):
    version = registry.make_version(covid, evaluation={})
    assert answer_of(actor(who).get(address(version, kind))) == expected


def test_without_a_version(sign_in, administrator):
    missing = reverse("retraining:card", args=["5f0c3b0e-9b57-4d0c-9d5c-2d8c0b6d2f10", "md"])
    assert sign_in(administrator).get(missing).status_code == 404
