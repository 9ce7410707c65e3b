"""Copies the front-end libraries from their npm packages into platform/static/vendor.

Run `python scripts/vendor.py` after changing a version below, then commit what changed. Nothing is
fetched at run time and no page names another host: what is committed here is what a browser gets.
Every package is pinned twice, by version and by the integrity digest (SHA-512) of its archive, so
a republished archive is refused. Needs `npm` on PATH.
"""

import base64
import hashlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

VENDOR = Path(__file__).resolve().parents[1] / "platform" / "static" / "vendor"
SUMS = "SHA256SUMS"

# Source maps are not vendored, and a reference to a file that is absent stops `collectstatic`.
SOURCE_MAP = re.compile(rb"\n?(/\*#\s*sourceMappingURL=.*?\*/|//#\s*sourceMappingURL=\S+)\s*")
# Every browser that runs Bootstrap 5.3 reads woff2, so the older font format is not vendored.
OLD_FONT = re.compile(rb',\s*url\("[^"]+\.woff\?[^"]*"\)\s*format\("woff"\)')


@dataclass(frozen=True)
class Package:
    """One npm package: `files` maps a path inside the archive to a path in the vendor folder."""

    name: str
    version: str
    integrity: str
    files: dict[str, str]

    @property
    def plain_name(self) -> str:
        """As `npm pack` writes it: without the sign and the slash of a scope."""
        return self.name.removeprefix("@").replace("/", "-")

    @property
    def folder(self) -> Path:
        return VENDOR / f"{self.plain_name}-{self.version}"


PACKAGES = [
    Package(
        name="bootstrap",
        version="5.3.8",
        integrity="sha512-HP1SZDqaLDPwsNiqRqi5NcP0SSXciX2s9E+RyqJIIqGo+vJeN5AJVM98CXmW"
        "/Wux0nQ5L7jeWUdplCEf0Ee+tg==",
        files={
            "LICENSE": "LICENSE",
            "dist/css/bootstrap.min.css": "bootstrap.min.css",
            "dist/js/bootstrap.bundle.min.js": "bootstrap.bundle.min.js",
        },
    ),
    Package(
        name="bootstrap-icons",
        version="1.13.2",
        integrity="sha512-fAU1Ly3dH7hwRg+CB8EZ0Vl0fF80zgXHeUVJyfUOKzoURr+TbwISbCW5tKUo"
        "QLERaWYG2emTCybcPbD96hdD1A==",
        files={
            "LICENSE": "LICENSE",
            "font/bootstrap-icons.min.css": "bootstrap-icons.min.css",
            "font/fonts/bootstrap-icons.woff2": "fonts/bootstrap-icons.woff2",
        },
    ),
    Package(
        name="htmx.org",
        version="2.0.11",
        integrity="sha512-Thx/WtpeOQqSrqBCw/A1cwGJGg4UrVa3+sW0GmrM3p4gJgO89ecH4qtbnyzD"
        "DWFvBTqjnIMCgELTNt636dtamA==",
        files={"LICENSE": "LICENSE", "dist/htmx.min.js": "htmx.min.js"},
    ),
    Package(
        name="openseadragon",
        version="6.1.1",
        integrity="sha512-g4iKe2q8B642SaBT3+x4ZF3/8b1TxPPydyjmtrOLgDrlYWMKd9ZXM+1Cb/xa"
        "9DVySkvs/7l6HR1nHKfD5F3Tsw==",
        files={
            "LICENSE.txt": "LICENSE",
            "build/openseadragon/openseadragon.min.js": "openseadragon.min.js",
        },
    ),
    Package(
        name="uppy",
        version="6.0.1",
        integrity="sha512-2OONMUNUHGBNkfSjNpWDhleeCeqm2oP+8NJRSxkkFVLmm3BbE7S+XCm45+jp"
        "36z7PCRuogtm1FgYPKa0iKbYAQ==",
        files={"LICENSE": "LICENSE", "dist/uppy.min.mjs": "uppy.min.mjs"},
    ),
    # Charts, as a module of its own with the Spanish words (the English ones are inside).
    Package(
        name="echarts",
        version="6.1.0",
        integrity="sha512-q0yaFPggC9FUdsWH4blavRWFmxdrIodbkoKNAjJudAI6CA9gNPxHtV2RcZNE"
        "epZVlk4yvBYkOkbk6HIVpIyHZA==",
        files={
            "LICENSE": "LICENSE",
            "NOTICE": "NOTICE",
            "licenses/LICENSE-d3": "LICENSE-d3",
            "dist/echarts.esm.min.js": "echarts.esm.min.js",
            "lib/i18n/langES.js": "langES.js",
        },
    ),
    # SHA-256 where the browser has none (pages that do not come over HTTPS) or not by pieces.
    Package(
        name="@noble/hashes",
        version="2.4.0",
        integrity="sha512-X5XaVWZIBCT7HHZGm5I7ZQXDwLG+bGXuSrMQAW+7Zvl87h1kmc1ZB1VSRJcp"
        "UfoUrGQp4Fkoxm5kZ+Ms+aW+eA==",
        files={
            "LICENSE": "LICENSE",
            "_md.js": "_md.js",
            "_u64.js": "_u64.js",
            "sha2.js": "sha2.js",
            "utils.js": "utils.js",
        },
    ),
]


class ArchiveError(Exception):
    """An archive is not the pinned one, or lacks a file that we vendor."""


def fetch(package: Package, folder: Path) -> Path:
    """Returns the package's archive, got with `npm pack` and checked; raises ArchiveError."""
    spec = f"{package.name}@{package.version}"
    subprocess.run(
        ["npm", "pack", spec, "--silent", "--pack-destination", str(folder)],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    archive = folder / f"{package.plain_name}-{package.version}.tgz"
    digest = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if f"sha512-{digest}" != package.integrity:
        raise ArchiveError(f"{spec}: the archive is not the pinned one (sha512-{digest})")
    return archive


def member(archive: tarfile.TarFile, path: str) -> bytes:
    """Returns one file of an npm archive; raises ArchiveError where it is missing."""
    try:
        found = archive.extractfile(f"package/{path}")
    except KeyError:
        found = None
    if found is None:
        raise ArchiveError(f"{path} is not in the archive")
    return found.read()


def cleaned(content: bytes, name: str) -> bytes:
    """Drops references to files that are not vendored; other content stays byte for byte."""
    if name.endswith((".css", ".js", ".mjs")):
        content = SOURCE_MAP.sub(b"\n", content)
    if name.endswith(".css"):
        content = OLD_FONT.sub(b"", content)
    return content


def install(package: Package, archive_path: Path) -> None:
    """Replaces the package's folder and drops the folders of its other versions."""
    for old in VENDOR.glob(f"{package.plain_name}-[0-9]*"):
        shutil.rmtree(old)
    sums = []
    with tarfile.open(archive_path) as archive:
        for source, name in sorted(package.files.items(), key=lambda item: item[1]):
            content = cleaned(member(archive, source), name)
            target = package.folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
            sums.append(f"{hashlib.sha256(content).hexdigest()}  {name}\n")
    (package.folder / SUMS).write_text("".join(sums))


def main() -> int:
    """Vendors every package; returns the exit status."""
    with tempfile.TemporaryDirectory() as folder:
        for package in PACKAGES:
            try:
                install(package, fetch(package, Path(folder)))
            except (ArchiveError, subprocess.CalledProcessError, FileNotFoundError) as problem:
                print(f"vendor: {problem}", file=sys.stderr)
                return 1
            print(f"vendor: {package.folder.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
