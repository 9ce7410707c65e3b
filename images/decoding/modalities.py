"""Which DICOM files are radiographs, and what the others are, in words that a person knows."""

from __future__ import annotations

from typing import Final

from pydicom.dataset import Dataset

from images.decoding.facts import text_of
from images.decoding.reasons import Unreadable

_RADIOGRAPHY: Final = frozenset({"CR", "DX", "DR", "RG"})
# Digitised film and pictures exported from a viewer arrive as secondary captures.
_CAPTURES: Final = frozenset({"OT", "SC", "HC"})
_CLASS: Final = "1.2.840.10008.5.1.4.1.1."
_RADIOGRAPHY_CLASSES: Final = frozenset({f"{_CLASS}1", f"{_CLASS}1.1"})  # CR; DX for presentation
_RAW_DETECTOR_CLASS: Final = f"{_CLASS}1.1.1"  # Digital X-Ray, for processing

# Defined terms of Modality (PS3.3 C.7.3.1.1.1, and retired ones) by the reason that they are
# refused with. What is not here is refused without being named: it could be anybody's text.
_TERMS: Final[dict[str, str]] = {
    "dicom-ct": "CT",
    "dicom-mr": "MR MA MS",
    "dicom-us": "US IVUS BDUS CD DD EC",
    "dicom-nm": "NM ST",
    "dicom-pt": "PT",
    "dicom-mammogram": "MG",
    "dicom-fluoroscopy": "RF XA XF DF CF DS DG",
    "dicom-dental": "IO PX",
    "dicom-bone-density": "BMD",
    "dicom-endoscopy": "ES CP LP BI",
    "dicom-photograph": "XC GM SM TG DMS",
    "dicom-eye": "OP OPT OPM OPV OAM OCT IOL KER LEN AR SRF VA FA FS",
    "dicom-waveform": "ECG HD EPS EEG EMG EOG RESP POS",
    "dicom-audio": "AU",
    "dicom-report": "SR KO",
    "dicom-document": "DOC PLAN M3D",
    "dicom-presentation": "PR",
    "dicom-segmentation": "SEG REG FID RWV SMR",
    "dicom-radiotherapy": "RTIMAGE RTDOSE RTSTRUCT RTPLAN RTRECORD RTINTENT RTRAD RTSEGANN",
}
_REASON_OF_TERM: Final = {term: code for code, terms in _TERMS.items() for term in terms.split()}
# By SOP class (PS3.4 B.5), where the modality is not said: number behind the common prefix.
_REASON_OF_CLASS: Final = {
    "2": "dicom-ct",
    "3": "dicom-us",
    "4": "dicom-mr",
    "6": "dicom-us",
    "9": "dicom-waveform",
    "11": "dicom-presentation",
    "12": "dicom-fluoroscopy",
    "20": "dicom-nm",
    "66": "dicom-segmentation",
    "88": "dicom-report",
    "104": "dicom-document",
    "128": "dicom-pt",
    "130": "dicom-pt",
    "481": "dicom-radiotherapy",
}


def admit_modality(dataset: Dataset) -> None:
    """Let radiographs pass: CR, DX, DR (seen in files, though not a defined term), RG, and the
    secondary captures OT, SC and HC; without a modality, the SOP classes of CR and DX.

    Raises Unreadable with what the file is, where that is a known term.
    """
    modality, sop_class = text_of(dataset, "Modality"), text_of(dataset, "SOPClassUID")
    known = modality in _RADIOGRAPHY | _CAPTURES
    if not known and (modality or sop_class not in _RADIOGRAPHY_CLASSES | {_RAW_DETECTOR_CLASS}):
        raise Unreadable(other_kind(dataset) or "dicom-not-a-radiograph")
    # Unprocessed detector values have neither a settled polarity nor a tone curve (PS3.3 C.8.11.2).
    if (
        sop_class == _RAW_DETECTOR_CLASS
        or text_of(dataset, "PresentationIntentType") == "FOR PROCESSING"
    ):
        raise Unreadable("dicom-raw-detector")


def other_kind(dataset: Dataset) -> str:
    """The reason that names what the file is instead of a radiograph; empty where unknown."""
    term, sop_class = text_of(dataset, "Modality"), text_of(dataset, "SOPClassUID")
    if term in _REASON_OF_TERM:
        return _REASON_OF_TERM[term]
    number = sop_class.removeprefix(_CLASS) if sop_class.startswith(_CLASS) else ""
    return _REASON_OF_CLASS.get(number.partition(".")[0], "")
