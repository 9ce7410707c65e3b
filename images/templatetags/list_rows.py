"""The rows of the list. In Python, because a page has 200 of them: as a template they take five
times as long as all the rest of the answer, and Django's `format_html` still twice as long."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from html import escape
from typing import Any
from uuid import UUID

from django import template
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from accounts.models import User
from images.columns import Column
from images.models import Radiograph, Sex
from images.pseudonyms import pseudonym, sees_patient_codes
from images.templatetags.radiographs import known, truth_label, truth_state, truth_test

register = template.Library()

NOTHING = SafeString("")
NO_ONE = UUID(int=0)


@register.simple_tag
def list_rows(
    radiographs: Iterable[Radiograph], columns: list[Column], user: User, ticks: bool
) -> SafeString:
    """`<tr>` of each radiograph; with `ticks` a box in front, of the form `bulk`."""
    cells = Cells(user)
    makers = [
        (SafeString(escape(str(column.label))), getattr(cells, column.name)) for column in columns
    ]
    return joined(
        (
            filled("<tr>%s%s</tr>", cells.tick(row) if ticks else NOTHING, _cells(row, makers))
            for row in radiographs
        ),
        "\n",
    )


def _cells(
    row: Radiograph, makers: Sequence[tuple[SafeString, Callable[[Radiograph], Any]]]
) -> SafeString:
    return joined(
        filled('<td data-label="%s">%s</td>', label, maker(row)) for label, maker in makers
    )


def filled(shape: str, *values: Any) -> SafeString:
    """`shape` with each %s replaced: by what is safe as it is, by all else escaped."""
    return SafeString(shape % tuple(v if type(v) is SafeString else escape(str(v)) for v in values))


def joined(parts: Iterable[SafeString], between: str = "") -> SafeString:
    return SafeString(between.join(parts))


@dataclass
class Cells:
    """What stands in a cell, one method a column. What many rows share is made once."""

    user: User
    made: dict[Any, Any] = field(default_factory=dict)

    @cached_property
    def sees_codes(self) -> bool:
        return sees_patient_codes(self.user)

    @cached_property
    def names_sites(self) -> bool:
        return self.user.is_platform_wide or not self.sees_codes

    def once(self, key: Any, make: Callable[[], Any]) -> Any:
        if key not in self.made:
            self.made[key] = make()
        return self.made[key]

    def address(self, row: Radiograph) -> str:
        pattern = self.once("address", lambda: reverse("images:detail", args=[NO_ONE]))
        return str(pattern.replace(str(NO_ONE), str(row.pk)))

    def name(self, row: Radiograph) -> str:
        patient = row.patient
        return patient.code if self.sees_codes else pseudonym(patient)

    def tick(self, row: Radiograph) -> SafeString:
        return filled(
            '<td class="row-tick"><input class="form-check-input" form="bulk" type="checkbox"'
            ' name="key" value="%s" aria-label="%s"></td>',
            row.pk, self.once("tick", lambda: _("Tick this radiograph")),
        )  # fmt: skip

    def picture(self, row: Radiograph) -> SafeString:
        says = self.once("says", lambda: _("Open the radiograph of %(patient)s"))
        address = self.address(row)
        return filled(
            '<a href="%s"><img class="film-thumb" src="%sthumbnail.jpg" alt="%s" width="56"'
            ' height="56" loading="lazy"></a>',
            address, address, says % {"patient": self.name(row)},
        )  # fmt: skip

    def patient(self, row: Radiograph) -> SafeString:
        notes = []
        if self.names_sites:
            notes.append(filled('<small class="text-secondary">%s</small>', row.site))
        if row.is_synthetic:
            notes.append(self.once("synthetic", lambda: render_to_string("_synthetic.html")))
        if self.sees_codes and row.patient.consent_withdrawn_at:
            notes.append(filled('<span class="tag">%s</span>', _("Consent withdrawn")))
        return filled(
            '<div><a class="fw-semibold text-break" href="%s">%s</a>%s</div>',
            self.address(row), self.name(row),
            joined(filled("<br>%s", note) for note in notes),
        )  # fmt: skip

    def date(self, row: Radiograph) -> SafeString | str:
        day = row.dated_on
        shown = str(self.once(day, lambda: date_format(day, "SHORT_DATE_FORMAT")))
        if row.acquired_on and not row.date_is_shifted:
            return shown
        moved = self.once("moved", lambda: _("(moved)"))
        note = moved if row.acquired_on else self.once("upload", lambda: _("(upload)"))
        return filled('<div>%s <small class="text-secondary">%s</small></div>', shown, note)

    def result(self, row: Radiograph) -> SafeString:
        truths = known(row.current_truths)  # type: ignore[attr-defined]
        badges = [self._badge(truth_state(t), truth_label(t), truth_test(t)) for t in truths]
        return filled(
            '<div class="d-flex flex-wrap gap-1 justify-content-end justify-content-sm-start">%s'
            "</div>",
            joined(badges or [self._badge("unknown")]),
        )

    def _badge(self, state: str, label: str = "", test: str = "") -> SafeString:
        context = {"state": state, "label": label, "test": test}
        badge: SafeString = self.once(
            (state, label, test), lambda: render_to_string("_truth_badge.html", context)
        )
        return badge

    def prediction(self, row: Radiograph) -> SafeString:
        return filled('<span id="badge-%s"></span>', row.pk)

    def uploader(self, row: Radiograph) -> str:
        return str(row.uploader)

    def age(self, row: Radiograph) -> str:
        return "" if row.age_years is None else str(row.age_years)

    def sex(self, row: Radiograph) -> str:
        return str(Sex(row.patient.sex).label) if row.patient.sex else ""

    def view(self, row: Radiograph) -> str:
        return row.view

    def upload(self, row: Radiograph) -> str:
        return date_format(localtime(row.created_at), "SHORT_DATETIME_FORMAT")

    def assigned(self, row: Radiograph) -> str:
        return str(row.assigned_to or "")

    def source(self, row: Radiograph) -> str:
        return row.source

    def own_id(self, row: Radiograph) -> str:
        return str(row.extra.get("own_id", ""))

    def format(self, row: Radiograph) -> str:
        return row.source_format.upper()
