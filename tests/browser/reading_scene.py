"""An institution of its own with readers and films that wait: what one module of tests reads.

`lay_out` and `give_to` run inside the platform (`manage.py shell`), the rest in the tests.
"""

import io
import json

from playwright.sync_api import Page, expect

from accounts.models import User
from accounts.roles import Role
from images.services import patient_of, store_radiograph
from reading.models import ReadingList, Turn
from reading.services import take, worklist_of
from reading.tasks.upkeep import follow_changes
from tests.browser.scene import email_of
from tests.factories import SiteFactory, UserFactory, chest_png, film_png

NEXT = """last => {
  const root = document.querySelector("[data-reading]");
  const { shown } = root.querySelector("[data-stage]").dataset;
  if (root.dataset.phase === "end") return "end";
  return root.dataset.phase === "finding" && shown && shown !== last ? shown : false;
}"""


def lay_out(name: str, films: int, readers: int, *, real: bool) -> None:
    """Prints the key of the worklist as JSON. `real` films pass the gate and get an answer."""
    site = SiteFactory(name=f"Hospital {name.title()}", code=name)
    people = [_reader(f"{name}_{number}", site) for number in range(readers)]
    for seed in range(films):
        content = film_png(300 + seed) if real else chest_png(400 + seed)
        store_radiograph(
            stream=io.BytesIO(content),
            patient=patient_of(site=site, code=f"{name.upper()}-{seed:02d}", sex=""),
            uploader=people[0],
        )
    follow_changes()
    print(json.dumps(str(worklist_of(site).pk)))


def _reader(name, site):
    return UserFactory(
        email=email_of(name), full_name=name.title(), role=Role.DOCTOR, site=site, language="en"
    )


def give_to(name: str, radiograph: str) -> None:
    """The hold of whoever reads it is over, and `name` has it now. Prints `true`."""
    turn = Turn.objects.get(case__radiograph=radiograph)
    Turn.objects.filter(pk=turn.pk).update(held_until=turn.taken_at)
    take(case=turn.case, reader=User.objects.get(email=email_of(name)))
    print("true")


def show_model(key: str, shows: str) -> None:
    """The list `key` shows the model's answer from the beginning ("yes"), or not. Prints `true`."""
    ReadingList.objects.filter(pk=key).update(hides_model=shows != "yes")
    print("true")


def call(platform, what: str) -> object:
    """What a call of this module prints when the platform itself makes it."""
    return json.loads(
        platform._run(f"from tests.browser import reading_scene; reading_scene.{what}")
    )


def begin(page: Page) -> None:
    """Enter on the worklist begins to read."""
    page.goto("/reading/")
    expect(page.locator("[data-start]")).to_be_visible()
    page.keyboard.press("Enter")
    page.wait_for_url("**/read/")


def next_case(page: Page, last: str = "") -> str:
    """The radiograph on the screen, another than `last`, or "end"."""
    return page.wait_for_function(NEXT, arg=last).json_value()


def all_saved(page: Page) -> None:
    expect(page.locator("[data-reading][data-unsaved]")).to_have_count(0)


def stored(platform, radiograph: str) -> list[tuple]:
    """Current reading of a radiograph: (e-mail, finding, note, verdict, disagreement)."""
    return platform.rows(
        "SELECT u.email, r.finding, r.note, r.verdict, r.disagreement"
        " FROM reading_radiologicalreading r JOIN accounts_user u ON u.id = r.reader_id"
        f" WHERE r.is_current AND r.radiograph_id = '{radiograph.replace('-', '')}'"
    )
