"""The package of a model: a ZIP archive of few known files, their checksums, and one signature.

    manifest.json  head.safetensors  [backbone.safetensors]   the artifact, bit by bit
    model.json     evaluation.json   card.json                what is known of it
    SHA256SUMS                                                of all of these
    signature.json                                            of SHA256SUMS

Nothing else is ever in one, and nothing in it is run: weights are safetensors, the rest is JSON.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from images import archives
from images.errors import Refused
from inference.artifact_store import BACKBONE, LARGEST, LARGEST_BACKBONE, MANIFEST, WEIGHTS
from retraining.transfer import refusals
from retraining.transfer.refusals import PackageRefused
from retraining.transfer.signing import BadSignature, Signature, sign, verify

MODEL: Final = "model.json"
EVALUATION: Final = "evaluation.json"
CARD: Final = "card.json"
SUMS: Final = "SHA256SUMS"
SIGNATURE: Final = "signature.json"

MEGABYTE: Final = 1024 * 1024
# The name of each file that may be inside, and the most bytes it may have.
KNOWN: Final = {
    MANIFEST: MEGABYTE, WEIGHTS: LARGEST, BACKBONE: LARGEST_BACKBONE, MODEL: MEGABYTE,
    EVALUATION: 8 * MEGABYTE, CARD: 8 * MEGABYTE, SUMS: 64 * 1024, SIGNATURE: 64 * 1024,
}  # fmt: skip
OPTIONAL: Final = frozenset({BACKBONE, CARD})
MAX_PACKAGE_BYTES: Final = 600 * MEGABYTE

_CHUNK: Final = MEGABYTE
_LINE: Final = re.compile(r"([0-9a-f]{64})  ([A-Za-z0-9._-]+)")
# The same model is the same package, whenever it is written.
_MOMENT: Final = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Package:
    """An unpacked package whose checksums and signature are sound; whether its key is trusted is
    for the caller to say. `folder` holds its files."""

    folder: Path
    signature: Signature
    model: Mapping[str, Any]
    evaluation: Mapping[str, Any]


def write(out: BinaryIO, files: Mapping[str, bytes | Path]) -> None:
    """Write and sign a package of `files` by name; paths are read piece by piece.

    Raises OSError. ValueError for a name that is not known.
    """
    if unknown := set(files) - KNOWN.keys() | {SUMS, SIGNATURE} & set(files):
        raise ValueError(f"{sorted(unknown)} is no part of a package")
    with ZipFile(out, "w") as archive:
        sums = {name: _add(archive, name, files[name]) for name in sorted(files)}
        lines = "".join(f"{sums[name]}  {name}\n" for name in sorted(sums)).encode()
        _add(archive, SUMS, lines)
        _add(archive, SIGNATURE, as_json(sign(lines).to_dict()))


def unpack(stream: BinaryIO, folder: Path) -> Package:
    """Take a package apart into `folder`, which is empty, and verify it.

    Raises PackageRefused with the code of what is wrong, OSError when the disk refuses.
    """
    try:
        caps = archives.Caps(member=LARGEST_BACKBONE, total=MAX_PACKAGE_BYTES)
        with archives.opened(stream, caps) as archive:
            sums = dict(_unpacked(archive, folder))
    except Refused as refusal:
        is_bomb = refusal.code in ("archive-bomb", "archive-many-files")
        code = refusals.TOO_LARGE if is_bomb else refusals.NOT_A_PACKAGE
        raise PackageRefused(code) from refusal
    if KNOWN.keys() - OPTIONAL - {SIGNATURE} - sums.keys():
        raise PackageRefused(refusals.INCOMPLETE)
    signature = _verified(folder, sums)
    model, evaluation = (_object_in(folder / name) for name in (MODEL, EVALUATION))
    return Package(folder, signature, model, evaluation)


def as_json(content: Any) -> bytes:
    """Equal content gives equal bytes. Raises ValueError for NaN."""
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, allow_nan=False, indent=1)
    return (text + "\n").encode()


def _add(archive: ZipFile, name: str, content: bytes | Path) -> str:
    """The SHA-256 of what was written."""
    entry = ZipInfo(name, _MOMENT)
    entry.external_attr = 0o600 << 16
    # Weights do not get smaller: compressing them would only take time.
    entry.compress_type = ZIP_STORED if name.endswith(".safetensors") else ZIP_DEFLATED
    digest = hashlib.sha256()
    with archive.open(entry, "w", force_zip64=False) as out:
        for piece in _pieces(content):
            digest.update(piece)
            out.write(piece)
    return digest.hexdigest()


def _pieces(content: bytes | Path) -> Iterable[bytes]:
    if isinstance(content, bytes):
        yield content
        return
    with content.open("rb") as stream:
        while piece := stream.read(_CHUNK):
            yield piece


def _unpacked(archive: archives.Archive, folder: Path) -> Iterable[tuple[str, str]]:
    """Each name and the SHA-256 of its content, which lies in `folder` then."""
    names = [member.info.filename for member in archive.members]
    # By the name in the archive itself: nothing is cleaned, guessed or written anywhere else.
    if len(set(names)) != len(names) or not set(names) <= KNOWN.keys():
        raise PackageRefused(refusals.UNKNOWN_FILE)
    for member, name in zip(archive.members, names, strict=True):
        if member.size > KNOWN[name]:
            raise PackageRefused(refusals.TOO_LARGE)
        if member.refusal:
            raise PackageRefused(refusals.NOT_A_PACKAGE)
        digest = hashlib.sha256()
        with (folder / name).open("xb") as out:
            for piece in archive.inflated(member):
                digest.update(piece)
                out.write(piece)
        yield name, digest.hexdigest()


def _verified(folder: Path, sums: Mapping[str, str]) -> Signature:
    """The signature comes first: of a list that nobody signed nothing is believed."""
    if SIGNATURE not in sums:
        raise PackageRefused(refusals.UNSIGNED)
    lines = (folder / SUMS).read_bytes()
    try:
        signature = Signature.from_dict(_object_in(folder / SIGNATURE))
        verify(lines, signature)
    except (BadSignature, PackageRefused) as problem:
        raise PackageRefused(refusals.BAD_SIGNATURE) from problem
    if _listed(lines) != {n: s for n, s in sums.items() if n not in (SUMS, SIGNATURE)}:
        raise PackageRefused(refusals.DAMAGED)
    return signature


def _listed(lines: bytes) -> dict[str, str]:
    found = [_LINE.fullmatch(line) for line in lines.decode("ascii", "replace").splitlines()]
    return {match[2]: match[1] for match in found if match}


def _object_in(path: Path) -> dict[str, Any]:
    """Raises PackageRefused unless the file is a JSON object without NaN."""
    try:
        content = json.loads(path.read_bytes(), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as problem:
        raise PackageRefused(refusals.BAD_FACTS) from problem
    if not isinstance(content, dict):
        raise PackageRefused(refusals.BAD_FACTS)
    return content


def _refuse_constant(name: str) -> float:
    raise ValueError(name)
