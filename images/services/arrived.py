"""What a file that has arrived says of its radiograph, and who may look at it in which way."""

from pathlib import Path
from typing import Any, BinaryIO, Final, cast

from images import spool
from images.decoding.sniff import HEAD_BYTES, kind_of
from images.models import IncomingFile, Patient
from images.services.patients import PatientKey, patient_of
from images.services.store import Said
from images.services.table_subjects import OWN_ID_KEY, Facts
from images.tables import Field

# Of the file's own hash: two films never share such a code by chance.
PROVISIONAL_DIGITS: Final = 16
PICTURES: Final = frozenset({"png", "jpeg"})


def place_of(file: IncomingFile) -> Path:
    return spool.path_of(file.batch_id, file.pk)


def patient_key(file: IncomingFile) -> PatientKey:
    """Whose it is: as a table or the rule of the batch says, else a code made of its hash."""
    code = file.patient_code or f"new-{file.sha256[:PROVISIONAL_DIGITS]}"
    return file.batch.site_id, code


def patient_named(file: IncomingFile, facts: Facts) -> Patient:
    """The same with the sex that a table says. Raises Refused("bad-patient-code")."""
    _site, code = patient_key(file)
    return patient_of(site=file.batch.site, code=code, sex=str(facts.get(Field.SEX, "")))


def said_of(file: IncomingFile, facts: Facts) -> Said:
    """What goes beside the file, ground truth apart."""
    names = (Field.VIEW, Field.ACQUIRED_ON, Field.AGE, Field.SOURCE)
    told: dict[str, Any] = {field.value: facts[field] for field in names if field in facts}
    own_id = {OWN_ID_KEY: facts[Field.OWN_ID]} if Field.OWN_ID in facts else None
    return cast(Said, told | {"source_sha256": file.sha256, "extra": own_id})


def is_plain(file: IncomingFile, facts: Facts, stream: BinaryIO) -> bool:
    """Whether it may be stored together with others: a picture of which no table states a ground
    truth, at an institution that keeps no source files."""
    if file.batch.site.keep_source_days:
        return False
    if Field.RT_PCR in facts or Field.TESTED_ON in facts:
        return False
    stream.seek(0)
    return kind_of(stream.read(HEAD_BYTES)) in PICTURES
