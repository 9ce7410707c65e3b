"""Files of this machine handed to batches of the platform, one batch for a day and a source."""

import uuid
from pathlib import Path
from typing import BinaryIO, Final

from django.utils import timezone

from accounts.audit import Way, by_way
from accounts.models import Site, User
from images.errors import Refused
from images.models import IncomingFile, PatientRule, UploadBatch
from images.services.batches import open_batch
from images.services.intake import add_local_file

# The namespace of the keys below; any fixed UUID would do.
_NAMESPACE: Final = uuid.uuid5(uuid.NAMESPACE_URL, "covid-xr/source")
_CLOSED: Final = {"batch-full", "batch-closed"}


class Delivery:
    """Opens batches as they are needed and puts files into them.

    `source` names where the files come from and is never shown. Each day, and each batch that is
    full or was closed by its owner, is followed by a new one. Telling the same file twice is safe.
    """

    def __init__(
        self, *, source: str, site: Site, sender: User,
        patient_rule: str = PatientRule.EACH_ITS_OWN, patient_code: str = "",
    ) -> None:  # fmt: skip
        self.source = source
        self.site = site
        self.sender = sender
        self.rule = {"patient_rule": patient_rule, "patient_code": patient_code}
        self._turn = 0

    def add(self, name: str, stream: BinaryIO) -> IncomingFile:
        """The row of a file that is here. Raises Refused, Unreadable or StorageFull."""
        while True:
            try:
                return add_local_file(batch=self.batch(), name=name, stream=stream)
            except Refused as refusal:
                if refusal.code not in _CLOSED:
                    raise
                self._turn += 1

    def add_path(self, path: Path, folder: Path) -> IncomingFile:
        """The same for a file below `folder`, under its path from there."""
        with path.open("rb") as stream:
            return self.add(path.relative_to(folder).as_posix(), stream)

    def batch(self) -> UploadBatch:
        """The one of today. Raises Refused for a patient code that is none."""
        day = timezone.localdate().isoformat()
        key = uuid.uuid5(_NAMESPACE, f"{self.site.pk}/{self.source}/{day}/{self._turn}")
        with by_way(Way.COMMAND):
            return open_batch(owner=self.sender, site=self.site, client_key=key, **self.rule)[0]
