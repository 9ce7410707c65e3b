"""Archives of labelled cases, in parts that survive a bad connection."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.roles import Capability
from images import exports
from images.bulk.verbs import Effect, Refusal, Verb
from images.models import BulkAction, Radiograph
from images.models.radiograph import RadiographQuerySet
from images.services.exporting import exportable, record_archive, write_archive

# They may hold a patient's code, which must not leave with the archive: beside a single pseudonym
# it would tell whose it is.
HIDDEN = frozenset({"patient", "q"})


@dataclass(frozen=True)
class Part:
    """An archive that is written under `archive`; without one no case may leave."""

    keys: frozenset[UUID]
    archive: UUID | None
    query: str


class Export(Verb):
    """One archive for each slice: each is whole or absent, and is fetched by itself."""

    name = "export"
    label = _("Export as ZIP archives")
    icon = "box-arrow-down"
    capability = Capability.EXPORT_CASES
    place = 30
    is_undoable = False
    at_once = 250
    beyond_reach = "not-exportable"

    def reach(self, user: User) -> RadiographQuerySet:
        return exports.labelled(Radiograph.objects.visible_to(user))

    def sentence(self, parameters: Mapping[str, Any]) -> str:
        return gettext("ZIP archives of up to %(count)d cases, kept for 24 hours") % {
            "count": self.at_once
        }

    def prepare(self, action: BulkAction, radiographs: Sequence[Radiograph]) -> Part:
        query = without_codes(action.query)
        keys = [radiograph.pk for radiograph in radiographs]
        synthetic = dict(parse_qsl(action.query)).get("synthetic") == "true"
        cases = exportable(keys, action.asked_by, only_synthetic=synthetic)
        allowed = frozenset(cases.values_list("pk", flat=True))
        if not allowed:
            return Part(allowed, None, query)
        return Part(allowed, write_archive(cases=cases, query=query, by=action.asked_by), query)

    def apply(self, action: BulkAction, radiograph: Radiograph, prepared: Any = None) -> Effect:
        if prepared is None or radiograph.pk not in prepared.keys:
            raise Refusal(self.beyond_reach)
        return Effect({}, {})

    def settle(self, action: BulkAction, done: Sequence[Radiograph], prepared: Part) -> None:
        if prepared.archive is not None:
            record_archive(action=action, key=prepared.archive, query=prepared.query, cases=done)


def without_codes(query: str) -> str:
    """The filters in force, as in an address, with a star for what may hold a patient's code."""
    told = [(name, "*" if name in HIDDEN else value) for name, value in parse_qsl(query)]
    return urlencode(told, safe="*")
