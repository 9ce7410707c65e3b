"""The way back from a pseudonym, sealed: only a site's own administrator may open it."""

from django.db import models

from accounts.models import Site
from core.models import Record
from images.models.patient import Patient


class PatientIdentity(Record):
    """An identifier of a DICOM header and the patient it stands for.

    `lookup` is its keyed hash under the site's key, so that the next file of the same patient is
    recognised; `sealed` holds the identifier encrypted (images.keys), never a name. A patient has
    several after a merge.
    """

    site = models.ForeignKey(Site, models.PROTECT, related_name="+")
    patient = models.ForeignKey(Patient, models.CASCADE, related_name="identities")
    lookup = models.CharField(max_length=64, editable=False)
    sealed = models.BinaryField(editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["site", "lookup"], name="one_patient_per_identifier")
        ]

    def __str__(self) -> str:
        return str(self.pk)
