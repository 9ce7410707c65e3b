"""The sections of a model card about how well it does, for whom, and by what."""

from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from retraining.cards.parts import Section, Table, class_names
from retraining.charts.words import (
    NONE,
    decimal,
    figure_of,
    figures_of,
    group_name,
    site_names,
)
from retraining.models import ShortcutAudit
from retraining.shortcut_words import words_of
from retraining.version_page import comparison_of, unsure_lines

Card = Mapping[str, Any]
GROUP_FIGURES: Final = ("auc", "sensitivity", "specificity")


def evaluation_sections(card: Card) -> list[Section]:
    evaluation = card["evaluation"]
    if evaluation is None:
        text = _("It was not evaluated on test patients of this installation.")
        return [Section("metrics", _("Metrics"), [text])]
    found = [_metrics(card), _groups(card), _comparison(card), _elsewhere(card), _audit(card)]
    return [section for section in found if section is not None]


def _metrics(card: Card) -> Section:
    found = card["evaluation"]
    text = _(
        "On %(n)s radiographs of %(patients)s test patients, %(positives)s of them positive. "
        "Intervals hold 95 %% of 1,000 draws of patients with replacement."
    ) % {name: found[name] for name in ("n", "patients", "positives")}
    facts = [(_("Operating point"), decimal(found["threshold"]))]
    if found["temperature"] is not None:
        facts.append((_("Temperature"), decimal(found["temperature"], 2)))
    rows = [[str(each.name), each.value, each.interval] for each in figures_of(found["figures"])]
    tables = [
        Table(_("Figures"), [_("Figure"), _("Value"), _("95 % interval")], rows),
        *_confusion(card),
        *_unsure(found),
    ]
    return Section("metrics", _("Metrics"), [text], facts, tables)


def _confusion(card: Card) -> list[Table]:
    found = card["evaluation"]["confusion"]
    if not found:
        return []
    names = class_names(card)
    classes = [names.get(code, code) for code in found["classes"]]
    rows = [
        [name, *map(str, numbers)] for name, numbers in zip(classes, found["rows"], strict=True)
    ]
    return [Table(_("Confirmed (rows) and answered (columns)"), ["", *classes], rows)]


def _unsure(found: Mapping[str, Any]) -> list[Table]:
    lines = [list(line) for line in unsure_lines(found)]
    columns = ["", _("Value"), _("95 % interval")]
    return [Table(_("Sets of answers"), columns, lines)] if lines else []


def _groups(card: Card) -> Section | None:
    titles = {
        "site": _("Institution"),
        "sex": _("Sex"),
        "age": _("Age"),
        "view": pgettext("radiograph", "View"),
    }
    groups = card["evaluation"]["groups"] or {}
    tables = [
        Table(title, _columns(title), _group_rows(kind, groups[kind]))
        for kind, title in titles.items()
        if groups.get(kind)
    ]
    return Section("groups", _("Groups of patients"), tables=tables) if tables else None


def _columns(title: str) -> list[str]:
    headings = [str(figure_of(code, None).name) for code in GROUP_FIGURES]
    return [title, _("Radiographs"), _("Positive"), *headings]


def _group_rows(kind: str, rows: list[dict[str, Any]]) -> list[list[str]]:
    names = site_names({str(row["key"]) for row in rows}) if kind == "site" else {}
    lines = []
    for row in rows:
        key = str(row["key"])
        name = names.get(key) or group_name(kind, key)
        figures = [_with_interval(row, code) for code in GROUP_FIGURES]
        lines.append([name, str(row["n"]), str(row["positives"]), *figures])
    return lines


def _with_interval(row: Mapping[str, Any], code: str) -> str:
    figure = figure_of(code, row.get(code))
    return f"{figure.value} ({figure.interval})" if figure.interval else figure.value


def _comparison(card: Card) -> Section | None:
    found = comparison_of(card["evaluation"])
    if found is None:
        return None
    facts = [
        (_("Compared with"), found.other),
        (_("Difference of the AUCs"), found.difference),
        (_("95 % interval"), found.interval or NONE),
        (_("p"), found.p),
        (_("Test"), found.test),
    ]
    warnings = []
    if found.may_have_seen:
        warnings.append(_("The other model may have been trained with some of these patients."))
    return Section("comparison", _("Beside the model in service"), warnings, facts)


def _elsewhere(card: Card) -> Section | None:
    rows = card["evaluation"]["left_out_sites"] or []
    if not rows:
        return None
    names = site_names({str(row["site"]) for row in rows})
    lines = [
        [names[str(row["site"])], str(row["n"]), str(row["positives"]), _with_interval(row, "auc")]
        for row in rows
    ]
    text = _("Trained without an institution and tested on it: how it may do elsewhere.")
    columns = [_("Institution"), _("Radiographs"), _("Positive"), str(figure_of("auc", None).name)]
    return Section("elsewhere", _("Other institutions"), [text], [], [Table("", columns, lines)])


def _audit(card: Card) -> Section | None:
    if card["audit"] is None:
        return None
    told = words_of(ShortcutAudit(**card["audit"]))
    verdict = {"passed": _("Passed."), "failed": _("Not passed.")}.get(
        told.verdict, _("It has not ended yet.")
    )
    facts = [
        (str(look.name), f"{look.auc} ({look.interval})" if look.interval else look.auc)
        for look in told.looks
    ]
    return Section("audit", _("Shortcut audit"), [verdict, *told.reasons, *told.warnings], facts)
