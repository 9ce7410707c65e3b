"""README.txt of an exported archive, in the language of the person who asked for it."""

from datetime import datetime
from uuid import UUID

from django.utils.formats import date_format
from django.utils.translation import gettext as _


def readme(*, made_at: datetime, query: str, export: UUID) -> str:
    """Text of about a page. `query` is the filter as it stood in the address, maybe empty;
    `export` is the key under which withdrawn cases are listed."""
    paragraphs = [
        _("COVID-XR: chest radiographs with the result of their confirming test"),
        _("Made on %(moment)s with the filter: %(query)s")
        % {"moment": date_format(made_at, "DATETIME_FORMAT"), "query": query or _("none")},
        *_what_is_inside(),
        *_withdrawals(export),
        *_limits(),
    ]
    return "\n\n".join(paragraphs) + "\n"


def _what_is_inside() -> list[str]:
    return [
        _(
            "images/ holds one lossless PNG per radiograph (8 or 16 bits, brighter is denser). "
            "Show it with display_low as black and display_high as white."
        ),
        _(
            "metadata.csv has one row per picture: rt_pcr is positive, negative, indeterminate or "
            "unknown; tested_on is the day of that sample, days_between how many days later the "
            "radiograph was taken; other targets have columns of their own. Ages of 90 years and "
            "more are given as 90."
        ),
        _(
            "patient_id is a pseudonym: the same patient always has the same one, and only the "
            "platform that made it can tell whose it is. Split your data by patient, never by "
            "picture."
        ),
        _("Check the files with: sha256sum -c SHA256SUMS"),
        _("Pictures named in MISSING.txt, if there is one, could not be read and are left out."),
    ]


def _withdrawals(export: UUID) -> list[str]:
    return [
        _("This is the export %(export)s.") % {"export": export},
        _(
            "Patients may withdraw their consent, and cases may be deleted. Which ones of this "
            "export you have to delete then is listed on the platform under Exports, and by "
            "GET /api/v1/exports/%(export)s/withdrawn. Look there before you use the data."
        )
        % {"export": export},
    ]


def _limits() -> list[str]:
    return [
        _(
            "The pictures belong to the institutions that took them and are shared for research "
            "alone. Do not pass them on, do not try to find out who a patient is, and name the "
            "institutions in what you publish."
        ),
        _(
            "A test result is as good as the test: a negative RT-PCR does not exclude the disease. "
            "Institution, device and view may be confounded with the result."
        ),
        _("Nothing in this archive is a diagnosis."),
    ]
