"""Radiographs of a hospital's archive (Orthanc, dcm4chee, ...) over DICOMweb.

Asked by QIDO-RS, study by study, and fetched one instance at a time by WADO-RS (DICOM PS3.18,
sections 10.6 and 10.4): the relational queries that would need fewer requests are optional there.
"""

import io
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

import requests
from dicomweb_client import DICOMwebClient
from pydicom import dcmwrite
from requests.auth import AuthBase, HTTPBasicAuth

from images.decoding.reasons import HOSTILE

PAGE: Final = 100
TIMEOUT_SECONDS: Final = 60
# An archive that restarts is away for seconds; what is wrong for good is said at once.
MAX_ATTEMPTS = 4
# What the archive kept is what is fetched, not what it would convert it to (PS3.18, 8.7.3.5.2).
AS_KEPT: Final = (("application/dicom", "*"),)

# Both write the UIDs that are asked for into their logs, one of them as part of each address.
for name in ("dicomweb_client", "urllib3.connectionpool"):
    logging.getLogger(name).setLevel(logging.CRITICAL + 1)


class ArchiveTrouble(Exception):
    """The archive cannot be asked. `reason` is a word for an operator, without any identifier."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Instance:
    """Where one picture is in the archive. Its UIDs identify a patient: they are never shown."""

    study: str = field(repr=False)
    series: str = field(repr=False)
    uid: str = field(repr=False)


class BearerToken(AuthBase):
    def __init__(self, token: str) -> None:
        self.token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self.token}"
        return request


def connect(url: str, *, user: str = "", password: str = "", token: str = "") -> DICOMwebClient:
    """A client of the archive at `url` (for Orthanc `http://host:8042/dicom-web`)."""
    session = requests.Session()
    if token:
        session.auth = BearerToken(token)
    elif user:
        session.auth = HTTPBasicAuth(user, password)
    client = DICOMwebClient(url, session=session, timeout=TIMEOUT_SECONDS)
    client.set_http_retry_params(
        retry=MAX_ATTEMPTS > 1, max_attempts=MAX_ATTEMPTS, wait_exponential_multiplier=500
    )
    return client


def instances(
    client: DICOMwebClient, *, modalities: Sequence[str], since: date | None, until: date | None
) -> Iterator[Instance]:
    """All instances of these modalities in studies of these days (both included).

    Raises ArchiveTrouble.
    """
    days = _range(since, until)
    for modality in modalities:
        filters = {"ModalitiesInStudy": modality} | ({"StudyDate": days} if days else {})
        for study in _pages(client.search_for_studies, search_filters=filters):
            yield from _of_study(client, _uid(study, "0020000D"), modality)


def fetch(client: DICOMwebClient, instance: Instance) -> bytes:
    """The instance as a DICOM file. Raises ArchiveTrouble, also for what is no DICOM."""
    with _troubles():
        dataset = client.retrieve_instance(
            instance.study, instance.series, instance.uid, media_types=AS_KEPT
        )
    buffer = io.BytesIO()
    try:
        dcmwrite(buffer, dataset)
    except HOSTILE:
        raise ArchiveTrouble("not-dicom") from None
    return buffer.getvalue()


def _of_study(client: DICOMwebClient, study: str, modality: str) -> Iterator[Instance]:
    filters = {"Modality": modality}
    for row in _pages(client.search_for_series, study, search_filters=filters):
        series = _uid(row, "0020000E")
        for item in _pages(client.search_for_instances, study, series):
            yield Instance(study, series, _uid(item, "00080018"))


def _pages(search: Any, *place: str, **query: Any) -> Iterator[dict[str, Any]]:
    """Results page by page: archives cut long answers off."""
    offset = 0
    while True:
        with _troubles():
            page = search(*place, limit=PAGE, offset=offset, **query)
        yield from page
        if len(page) < PAGE:
            return
        offset += len(page)


def _uid(row: dict[str, Any], tag: str) -> str:
    try:
        return str(row[tag]["Value"][0])
    except (KeyError, IndexError, TypeError):
        raise ArchiveTrouble("odd-answer") from None


def _range(since: date | None, until: date | None) -> str:
    """A range of days as DICOM writes it (PS3.4, C.2.2.2.5.1); empty: any day."""
    if since is None and until is None:
        return ""
    return "-".join(f"{day:%Y%m%d}" if day else "" for day in (since, until))


@contextmanager
def _troubles() -> Iterator[None]:
    """Turn what the network and the archive raise into ArchiveTrouble, which quotes neither."""
    try:
        yield
    except requests.HTTPError as problem:
        status = problem.response.status_code if problem.response is not None else 0
        raise ArchiveTrouble(f"http-{status}") from None
    except requests.RequestException:
        raise ArchiveTrouble("unreachable") from None
    except HOSTILE:
        raise ArchiveTrouble("odd-answer") from None
