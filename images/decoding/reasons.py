"""Why a file was refused: one exception, one table from code to sentence."""

from __future__ import annotations

import struct
import zlib
from typing import Final

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from pydicom.errors import BytesLengthException, InvalidDicomError

# What Pillow, pydicom and their codecs were seen to raise on damaged files, kept as a list and not
# as `Exception`, so that a time limit of the caller (Celery's SoftTimeLimitExceeded) goes through.
HOSTILE: Final = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    BufferError,
    BytesLengthException,
    EOFError,
    InvalidDicomError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)

SENTENCES: Final = {
    "empty": _("The file is empty."),
    "too-large-file": _("The file is larger than {megabytes} MB, the most that is accepted."),
    "not-an-image": _("This file is not a PNG, JPEG or DICOM picture."),
    "animated": _("Animated pictures and GIF files are not accepted: send one still radiograph."),
    "truncated": _("The file is incomplete: it ends too early. Copy or export it again."),
    "damaged": _("The file is damaged and cannot be read. Copy or export it again."),
    "too-many-pixels": _(
        "The picture is too large: at most {megapixels} million pixels and {side} pixels a side."
    ),
    "zero-size": _("The picture has no width or no height."),
    "too-small": _("The picture is too small: each side needs at least {side} pixels."),
    "cmyk": _("The picture is in printing colours (CMYK): export it in grey or RGB."),
    "palette": _(
        "The picture uses a palette of few colours, which loses grey levels: export it in grey."
    ),
    "two-tones": _("The picture has only two tones, so it is not a radiograph."),
    "unsupported-depth": _("The number of bits per pixel of this picture is not supported."),
    "dicom-no-pixels": _("The DICOM file has no picture inside."),
    "dicom-many-frames": _("The DICOM file has several pictures: send one radiograph per file."),
    "dicom-not-a-radiograph": _(
        "The DICOM file is not a radiograph (accepted: CR, DX, DR, RG and secondary captures)."
    ),
    "dicom-directory": _(
        "This is a DICOMDIR, the table of contents of a disc: send the files that it lists."
    ),
    "dicom-ct": _("The DICOM file is a computed tomography (CT), not a radiograph."),
    "dicom-mr": _("The DICOM file is a magnetic resonance image (MR), not a radiograph."),
    "dicom-us": _("The DICOM file is an ultrasound image (US), not a radiograph."),
    "dicom-nm": _("The DICOM file is a nuclear medicine image (NM), not a radiograph."),
    "dicom-pt": _("The DICOM file is a positron emission tomography (PT), not a radiograph."),
    "dicom-mammogram": _("The DICOM file is a mammogram (MG), not a chest radiograph."),
    "dicom-fluoroscopy": _(
        "The DICOM file is a fluoroscopy or an angiography (RF, XA), not a chest radiograph."
    ),
    "dicom-dental": _("The DICOM file is a dental radiograph (IO, PX), not a chest radiograph."),
    "dicom-bone-density": _("The DICOM file is a bone density scan (BMD), not a radiograph."),
    "dicom-endoscopy": _("The DICOM file is an endoscopy (ES), not a radiograph."),
    "dicom-photograph": _("The DICOM file is a photograph or a microscopy, not a radiograph."),
    "dicom-eye": _("The DICOM file is an examination of the eye, not a radiograph."),
    "dicom-waveform": _("The DICOM file is a tracing such as an ECG, not a radiograph."),
    "dicom-audio": _("The DICOM file is a sound recording (AU), not a radiograph."),
    "dicom-report": _("The DICOM file is a report or a list (SR, KO), not a radiograph."),
    "dicom-document": _("The DICOM file is a document, for instance a PDF, not a radiograph."),
    "dicom-presentation": _(
        "The DICOM file says how to show another picture (PR), but it is no radiograph itself."
    ),
    "dicom-segmentation": _(
        "The DICOM file marks regions of another picture (SEG, REG), but it is no radiograph "
        "itself."
    ),
    "dicom-radiotherapy": _("The DICOM file belongs to a radiotherapy (RT) and is no radiograph."),
    "dicom-raw-detector": _(
        "The DICOM file holds raw detector data: export the picture meant for presentation."
    ),
    "dicom-photometric": _("The colours of this DICOM picture are not supported."),
    "dicom-too-large": _(
        "Unpacked, the DICOM file is larger than {megabytes} MB, the most that is accepted."
    ),
    "dicom-video": _("The DICOM file is a video: send one still radiograph."),
    "dicom-remote-pixels": _(
        "The DICOM file only points to a picture on another server: export it with its picture."
    ),
    "dicom-syntax": _(
        "The compression of this DICOM file is not supported: export it without compression."
    ),
    "dicom-broken": _("The DICOM file is damaged and cannot be read. Export it again."),
}


class Unreadable(Exception):
    """A file from outside that cannot become a radiograph.

    ``code`` is a stable slug of :data:`SENTENCES`; ``sentence`` is its lazily translated sentence.
    Neither ever holds anything out of the file. Raises KeyError for an unknown code.
    """

    def __init__(self, code: str, **limits: int) -> None:
        super().__init__(code)
        self.code = code
        self.sentence = format_lazy(SENTENCES[code], **limits)
