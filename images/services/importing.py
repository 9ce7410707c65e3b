"""One row of a `metadata.csv` and its file, brought in."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from accounts.audit import Way, by_way
from accounts.models import Site, User
from images.decoding import Unreadable
from images.errors import Refused
from images.metadata import Row, find_file
from images.models import Target, View
from images.services.patients import patient_of
from images.services.store import store_radiograph
from images.services.truth import TruthGiven, truth_given

RT_PCR_TARGET: Final = "covid-19"
LABEL_TARGET: Final = "chest-three-classes"
# Words of public collections. Plain "pneumonia" is absent on purpose: it does not say "viral".
CLASS_OF_LABEL: Final = {
    "covid": "covid-19",
    "covid-19": "covid-19",
    "normal": "normal",
    "viral pneumonia": "viral-pneumonia",
    "viral-pneumonia": "viral-pneumonia",
}
VIEW_OF_WORD: Final = {
    "pa": View.PA,
    "ap": View.AP,
    "ap supine": View.AP_SUPINE,
    "ap-supine": View.AP_SUPINE,
    "l": View.LATERAL,
    "ll": View.LATERAL,
    "lateral": View.LATERAL,
}


@dataclass(frozen=True)
class Outcome:
    """What became of one row. `code` and `reason` are there for errors, `id` for the others."""

    file: str
    outcome: Literal["created", "duplicate", "error"]
    id: str = ""
    code: str = ""
    reason: str = ""


def import_row(*, row: Row, folder: Path, site: Site, uploader: User) -> Outcome:
    """Store the file of `row`, found below `folder`. Raises StorageFull; all else is an outcome.

    Label and view are kept as they were written in `extra`, beside the unknown columns.
    """
    try:
        path = find_file(folder, row.filename)
        if path is None:
            raise Refused("no-such-file")
        with path.open("rb") as stream, by_way(Way.COMMAND):
            stored = store_radiograph(
                stream=stream,
                patient=patient_of(site=site, code=row.patient_id),
                uploader=uploader,
                view=VIEW_OF_WORD.get(row.view.lower(), View.UNKNOWN),
                source=row.source[:80],
                extra={"label": row.label, "view": row.view, **row.extra},
                truths=_truths(row),
            )
    except (Refused, Unreadable) as refusal:
        return Outcome(row.filename, "error", code=refusal.code, reason=str(refusal.sentence))
    kind: Literal["created", "duplicate"] = "created" if stored.created else "duplicate"
    return Outcome(row.filename, kind, id=str(stored.radiograph.pk))


def _truths(row: Row) -> list[TruthGiven]:
    label = CLASS_OF_LABEL.get(row.label.lower(), "")
    results = {RT_PCR_TARGET: row.rt_pcr.lower(), LABEL_TARGET: label}
    targets = Target.objects.filter(code__in=results).prefetch_related("classes")
    return [truth_given(target=target, result=results[target.code]) for target in targets]
