"""What the reading page is told of a case: plain values for its script, and the model's answer.

The model's answer leaves the server only after the reader's own, where the list hides it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from core.jobs import JobStatus
from images.forms.viewer import SIDES
from images.models import Radiograph, Target
from images.pseudonyms import pseudonym, sees_patient_codes
from images.views.viewer import LONGEST_SIDE
from inference.models import Prediction
from inference.readings import PENDING, Reading
from reading.models import ListCase, RadiologicalReading, Turn

Told = dict[str, Any]
# What is needed of a turn, in one query.
RELATED: Final = (
    "reader", "case__reading_list__target", "case__radiograph__patient", "case__radiograph__site",
)  # fmt: skip


@dataclass(frozen=True)
class ModelAnswer:
    """The newest answer of the model, as `reading/_model.html` shows it; None: nobody asked it."""

    reading: Reading | None

    @property
    def state(self) -> str:
        """As the badge's: pending, failed, uncertain, positive, negative; or none."""
        return self.reading.state if self.reading else "none"

    @property
    def is_answer(self) -> bool:
        """There is something to agree or disagree with."""
        return self.reading is not None and self.reading.is_done

    @property
    def in_words(self) -> str:
        """The class and its probability, or why there is none."""
        if self.reading is None:
            return _("No model has answered for this radiograph.")
        if self.state == PENDING:
            return _("The model's answer is not there yet.")
        if not self.is_answer:
            return str(self.reading.failure)
        return f"{self.reading.badge_label}, {self.reading.probability_in_words}"

    def told(self) -> Told:
        prediction = self.reading.prediction if self.reading and self.is_answer else None
        return {
            "state": self.state,
            "html": render_to_string("reading/_model.html", {"answer": self}),
            "says": self.in_words,
            "prediction": str(prediction.pk) if prediction else "",
            "maps": reverse("inference:explanations", args=[prediction.pk]) if prediction else "",
        }


def model_answers(radiographs: Iterable[Radiograph], target: Target) -> dict[UUID, ModelAnswer]:
    """By the key of each radiograph, in one query."""
    keys = [radiograph.pk for radiograph in radiographs]
    asked = Prediction.objects.filter(radiograph__in=keys, target=target)
    newest: dict[UUID, Prediction] = {}
    for prediction in asked.exclude(status=JobStatus.CANCELLED).newest_first():
        newest.setdefault(prediction.radiograph_id, prediction)
    return {key: ModelAnswer(Reading(newest[key]) if key in newest else None) for key in keys}


def turn_told(turn: Turn, viewer: User) -> Told:
    """One case of the page. `turn` with RELATED."""
    case, mine = turn.case, own_reading(turn)
    shows_model = not case.reading_list.hides_model or bool(mine and mine.finding)
    return {
        "case": str(case.pk),
        "film": _film(case.radiograph),
        "facts": _facts(case, viewer),
        "links": _links(case),
        "draft": turn.draft,
        "reading": reading_told(mine),
        "model": case_model(case).told() if shows_model else None,
    }


def own_reading(turn: Turn) -> RadiologicalReading | None:
    """What the turn's reader states of the case now."""
    rows = RadiologicalReading.objects.current().filter(case=turn.case_id, reader=turn.reader_id)
    return rows.filter(is_adjudication=False).first()


def case_model(case: ListCase) -> ModelAnswer:
    film = case.radiograph
    return model_answers([film], case.reading_list.target)[film.pk]


def reading_told(reading: RadiologicalReading | None) -> Told | None:
    if reading is None:
        return None
    return {
        "id": str(reading.pk),
        "finding": reading.finding,
        "note": reading.note,
        "verdict": reading.verdict,
        "disagreement": reading.disagreement,
    }


def _film(radiograph: Radiograph) -> Told:
    long = max(radiograph.width, radiograph.height)
    return {
        "id": str(radiograph.pk),
        "window": reverse("images:window", args=[radiograph.pk]),
        "windows": reverse("images:windows", args=[radiograph.pk]),
        "picture": reverse("images:picture", args=[radiograph.pk]) if long <= LONGEST_SIDE else "",
        "width": radiograph.width,
        "height": radiograph.height,
        "sides": [*(side for side in SIDES if side < long), min(long, LONGEST_SIDE)],
        "synthetic": radiograph.is_synthetic,
    }


def _facts(case: ListCase, viewer: User) -> list[str]:
    """What a reader may know of the patient; in a study nothing that could name one."""
    film = case.radiograph
    facts = [] if case.reading_list.is_study else [*_named(film, viewer)]
    if film.age_years is not None:
        years = film.age_years
        facts.append(ngettext("%(years)d year", "%(years)d years", years) % {"years": years})
    if film.patient.sex:
        facts.append(str(film.patient.get_sex_display()))
    if film.view:
        facts.append(str(film.get_view_display()))
    return facts


def _named(film: Radiograph, viewer: User) -> list[str]:
    name = film.patient.code if sees_patient_codes(viewer) else pseudonym(film.patient)
    return [name, date_format(film.dated_on, "SHORT_DATE_FORMAT")]


def _links(case: ListCase) -> dict[str, str]:
    """Where the page leads to from here. A study's readers know nothing of the RT-PCR."""
    if case.reading_list.is_study:
        return {"detail": "", "truth": ""}
    key = case.radiograph_id
    return {
        "detail": reverse("images:detail", args=[key]),
        "truth": reverse("images:truth", args=[key]),
    }
