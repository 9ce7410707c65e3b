"""What the tests of the batch page do again and again."""

import io
import re
import zipfile
from collections import Counter
from collections.abc import Mapping, Sequence

from playwright.sync_api import Page, expect

NEW_BATCH = "/images/batches/new/"
BATCH_PAGE = re.compile(r"/images/batches/(?!new/)[0-9a-f-]{36}/$")
OUTCOMES_MS = 90_000
OPEN_ROWS = ", ".join(
    f'.batch-row[data-phase="{phase}"]'
    for phase in ("queued", "preparing", "missing", "uploading", "checking", "predicting")
)
NO_PICTURE = b"this is a text, whatever its name says\n" * 20


def payload(name: str, content: bytes) -> dict:
    """A file as Playwright hands it to an input."""
    kind = "application/zip" if name.endswith(".zip") else "image/png"
    return {"name": name, "mimeType": kind, "buffer": content}


def zip_of(members: Mapping[str, bytes]) -> bytes:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return memory.getvalue()


def ready(page: Page) -> None:
    page.wait_for_selector("[data-batch=page][data-ready]")


def choose(page: Page, files: Mapping[str, bytes]) -> None:
    ready(page)
    page.set_input_files("[data-choose=files]", [payload(*each) for each in files.items()])


def send(page: Page, files: Mapping[str, bytes]) -> None:
    """Choose files on the page of a new batch, and send them."""
    choose(page, files)
    page.locator("[data-batch=send]").click()
    page.wait_for_url(BATCH_PAGE)


def wait_for_outcomes(page: Page) -> None:
    expect(page.locator(".batch-row").first).to_be_attached()
    expect(page.locator(OPEN_ROWS)).to_have_count(0, timeout=OUTCOMES_MS)


def phases(page: Page) -> dict[str, str]:
    """What became of each file, by its name."""
    rows = page.locator(".batch-row").evaluate_all(
        "rows => rows.map(row => [row.querySelector('[data-part=name]').textContent, "
        "row.dataset.phase])"
    )
    return dict(rows)


def phase_counts(page: Page) -> Counter[str]:
    return Counter(phases(page).values())


def drop(page: Page, files: Mapping[str, bytes]) -> None:
    """Drop files onto the page, as a file manager does."""
    told: Sequence = [[name, list(content)] for name, content in files.items()]
    data = page.evaluate_handle(
        """files => {
            const data = new DataTransfer();
            for (const [name, bytes] of files) {
                data.items.add(new File([new Uint8Array(bytes)], name));
            }
            return data;
        }""",
        told,
    )
    for kind in ("dragover", "drop"):
        page.dispatch_event(".batch-zone", kind, {"dataTransfer": data})
