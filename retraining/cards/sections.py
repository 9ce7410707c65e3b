"""A model card in words: sections of paragraphs, facts and tables in the active language."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format, number_format
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from retraining.architecture_words import asked_in_words, extractor_name, name_of
from retraining.cards.evaluation import evaluation_sections
from retraining.cards.parts import Section, Table, class_names, named
from retraining.charts.words import decimal, group_name, site_names
from retraining.durations import in_words
from retraining.models import Origin, Split
from retraining.snapshots import words as snapshot_words

Card = Mapping[str, Any]
BREAKDOWNS: Final = (("sites", "site"), ("views", "view"), ("ages", "age"), ("sexes", "sex"))


def title_of(card: Card) -> str:
    return _("Model card: %(version)s") % {"version": card["model"]["version"]}


def sections_of(card: Card) -> list[Section]:
    """In the order of Mitchell et al. 2019; a section of which nothing is known is left out."""
    found = [
        _details(card), _use(card), _data(card), _division(card), _training(card),
        *evaluation_sections(card), _limits(card), _hashes(card), _environment(card),
    ]  # fmt: skip
    return [section for section in found if section is not None]


def _details(card: Card) -> Section:
    model = card["model"]
    facts = [
        (_("Version"), model["version"]),
        (_("Question"), _("%(name)s (confirmed by %(test)s)") % {
            "name": named(model["target"]), "test": model["target"]["confirming_test"],
        }),
        (_("Classes"), ", ".join(class_names(card).values())),
        (_("Architecture"), name_of(model["architecture"])),
        (_("Extractor"), extractor_name(model["extractor"])),
        (_("Origin"), str(Origin(model["origin"]).label)),
        (_("Made on"), _moment(model["made_at"])),
    ]  # fmt: skip
    return Section("model", _("Model"), facts=facts)


def _use(card: Card) -> Section:
    return Section(
        "use", _("Intended use"),
        paragraphs=[
            _(
                "Research with frontal chest radiographs, by the people of the institutions that "
                "use this platform. It says how likely each class is; the confirming test has the "
                "last word."
            ),
            _(
                "It is not for diagnosis, for triage without a doctor, for lateral views, for "
                "other parts of the body or for questions it was not trained on."
            ),
        ],
    )  # fmt: skip


def _data(card: Card) -> Section | None:
    data = card["data"]
    if data is None:
        return None
    facts = [
        (_("Radiographs"), number_format(data["size"])),
        (_("Frozen on"), _moment(data["frozen_at"])),
        *_imbalance(data["imbalance"]),
        *_associations(data["association"]),
        *(
            (_("Left out: %(reason)s") % {"reason": snapshot_words.reason_of(code)}, str(number))
            for code, number in data["set_aside"].items()
        ),
    ]
    text = _(
        "Radiographs with a result of the confirming test, of patients who did not withdraw their "
        "consent. Drawn pictures and lateral views are left out."
    )
    return Section("data", _("Data"), [text], facts, _breakdowns(data["counts"]))


def _imbalance(found: Mapping[str, Any]) -> list[tuple[str, str]]:
    if found.get("rho") is None:
        return []
    values = f"{decimal(found['mu'])}, {decimal(found['rho'])}"
    return [(_("Imbalance of the classes (mu, rho)"), values)]


def _associations(found: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Cramér's V, and beside it without its bias."""
    titles = {"site": _("institution"), "source": _("source"), "view": _("view")}
    lines = []
    for key, title in titles.items():
        if (v := (found.get(key) or {}).get("v")) is not None:
            corrected = found[key].get("corrected")
            shown = decimal(v, 2)
            if corrected is not None:
                shown = _("%(v)s (%(corrected)s without bias)") % {
                    "v": shown, "corrected": decimal(corrected, 2),
                }  # fmt: skip
            lines.append((_("Cramér's V of label and %(what)s") % {"what": title}, shown))
    return lines


def _breakdowns(counts: Mapping[str, Any]) -> list[Table]:
    """Radiographs by institution, view, age and sex, beside each other for the parts."""
    titles = {
        "site": _("Institution"),
        "view": pgettext("radiograph", "View"),
        "age": _("Age"),
        "sex": _("Sex"),
    }
    tables = []
    for name, kind in BREAKDOWNS:
        by_split = counts.get(name) or {}
        keys = sorted({key for numbers in by_split.values() for key in numbers})
        if keys:
            names = site_names(set(keys)) if kind == "site" else {}
            rows = [
                [names.get(key) or group_name(kind, key), *_by_part(by_split, key)] for key in keys
            ]
            tables.append(Table(titles[kind], [titles[kind], *_parts()], rows))
    return tables


def _parts() -> list[str]:
    return [str(split.label) for split in Split]


def _by_part(by_split: Mapping[str, Mapping[str, int]], key: str) -> list[str]:
    return [number_format(by_split.get(split, {}).get(key, 0)) for split in Split.values]


def _division(card: Card) -> Section | None:
    if card["data"] is None:
        return None
    counts, names = card["data"]["counts"], class_names(card)
    rows = [
        [_("Radiographs"), *_numbers(counts.get("splits") or {})],
        [_("Patients"), *_numbers(counts.get("patients") or {})],
        *([name, *_by_part(counts.get("classes") or {}, code)] for code, name in names.items()),
    ]
    text = _(
        "Divided by patient: a keyed hash of the patient decides, once and for ever. Patients "
        "whose radiographs are copies of one another stand in one part. Test labels were read by "
        "the evaluation alone."
    )
    looks = (_("Looks at the test labels of this question so far"), str(card["vault_looks"]))
    table = Table(_("Parts"), ["", *_parts()], rows)
    return Section("division", _("Division"), [text], [looks], [table])


def _numbers(by_split: Mapping[str, int]) -> list[str]:
    return [number_format(by_split.get(split, 0)) for split in Split.values]


def _training(card: Card) -> Section | None:
    found = card["training"]
    if found is None:
        return None
    facts = [*asked_in_words(found["asked"] or {})]
    if found["epochs"]:
        facts.append((_("Epochs"), str(found["epochs"])))
    if found["seconds"] is not None:
        facts.append((_("Time"), in_words(found["seconds"])))
    facts += _recipe(found["recipe"] or {})
    return Section("training", _("Training"), facts=facts) if facts else None


def _recipe(recipe: Mapping[str, Any]) -> list[tuple[str, str]]:
    """As it stands in the artifact: names of settings are those of the code."""
    return [(name, _plain(value)) for name, value in sorted(_flat(recipe))]


def _flat(content: Mapping[str, Any], above: str = "") -> Iterable[tuple[str, Any]]:
    for name, value in content.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{above}{name}.")
        else:
            yield f"{above}{name}", value


def _plain(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return {True: _("yes"), False: _("no"), None: _("none")}[value]
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _limits(card: Card) -> Section | None:
    language = "en" if (get_language() or "es").startswith("en") else "es"
    sentences = [each.get(language, "") for each in card["limits"]]
    if not sentences:
        return None
    return Section("limits", _("Limits and warnings"), sentences)


def _hashes(card: Card) -> Section:
    titles = {
        "artifact": _("Artifact (manifest)"), "weights": _("Weights of the head"),
        "backbone": _("Weights of the network"), "extractor": _("Weights of the extractor"),
        "snapshot": _("List of cases"),
    }  # fmt: skip
    facts = [(title, card["hashes"][key]) for key, title in titles.items() if card["hashes"][key]]
    return Section("hashes", _("Hashes (SHA-256)"), facts=facts)


def _environment(card: Card) -> Section | None:
    found = card["environment"]
    if not found:
        return None
    facts = [(name, _plain(value)) for name, value in _flat(found)]
    return Section("environment", _("Code and libraries"), facts=facts)


def _moment(text: str) -> str:
    moment = parse_datetime(text)
    return date_format(moment, "DATETIME_FORMAT") if moment else text
