"""GET /people/audit/: the record in words, page after page."""

import re
import uuid

import pytest

from accounts.audit import Deed, note
from accounts.audit_words import SUBJECTS
from accounts.models import AuditEntry
from accounts.views import audit as views
from tests.accounts.helpers import ENGLISH
from tests.accounts.test_audit_filters import dated
from tests.architecture.test_layout import ROOMS, ROOT

pytestmark = pytest.mark.django_db
PAGE = "/people/audit/"


@pytest.fixture
def page(actor):
    """`page(who, **query)`: the text of the page in English, without its tags."""

    def text(who="site_administrator", **query):
        content = actor(who).get(PAGE, query, headers=ENGLISH).content.decode()
        body = content[content.index("<main") :]
        return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))

    return text


def test_both_values_are_shown_in_words(page, doctor):
    note(
        actor=doctor, deed=Deed.CHANGED, subject="radiograph",
        before={"view": "PA", "age_years": None, "writing": "suspected"},
        after={"view": "AP", "age_years": 61, "writing": "harmless"},
    )  # fmt: skip
    text = page()
    assert "View: before PA now AP" in text
    assert "Age in years: 61" in text
    assert "Writing in the picture: before Suspected now Names nobody" in text
    assert "Diego Doctor Doctor" in text
    assert "Changed : Radiograph Page" in text


def test_a_value_that_went_away_is_told(page, doctor):
    note(actor=doctor, deed=Deed.CHANGED, subject="radiograph", before={"source": "Ward 3"},
         after={"source": ""})  # fmt: skip
    assert "Source: before Ward 3 nothing" in page()


def test_people_and_institutions_are_shown_by_name(page, administrator, doctor, site):
    keys = {"person": str(doctor.pk), "site": str(site.pk)}
    note(actor=administrator, deed=Deed.CHANGED, subject="radiograph", site=site, after=keys)
    text = page()
    assert "Assigned to: Diego Doctor" in text
    assert "Institution: Hospital del Milagro" in text


def test_several_people_are_shown_by_name(page, site_administrator, doctor, health_worker):
    keys = {"readers": [str(doctor.pk), str(health_worker.pk)]}
    note(actor=site_administrator, deed=Deed.ENTERED, subject="study", after=keys)
    assert "Readers: Diego Doctor, Hebe Worker" in page()


def test_the_platform_itself_is_named(page, site):
    note(actor=None, deed=Deed.REMOVED, subject="radiograph", site=site)
    assert "The platform" in page()


def test_words_that_nobody_knows_are_shown_as_they_are(page, doctor):
    note(actor=doctor, deed=Deed.ENTERED, subject="dream", after={"odd_thing": "seen"})
    text = page()
    assert "Entered : dream" in text
    assert "odd thing: seen" in text


def test_what_is_recorded_is_no_markup(actor, doctor):
    note(actor=doctor, deed=Deed.CHANGED, subject="radiograph", after={"source": "<b>x</b>"})
    content = actor("site_administrator").get(PAGE).content.decode()
    assert "&lt;b&gt;x&lt;/b&gt;" in content


def test_an_empty_record_says_so(page):
    assert "Nothing is recorded here" in page()


def test_pages_follow_one_another_without_gap(actor, doctor, monkeypatch):
    """Also where many rows are of the same moment, as rows of one insert are."""
    monkeypatch.setattr(views, "PER_PAGE", 3)
    entries = [note(actor=doctor, deed=Deed.SAW, subject="patient") for _ in range(8)]
    for entry in entries[2:7]:
        dated(entry, entries[0].created_at)
    client, seen, after = actor("site_administrator"), [], ""
    while after is not None:
        answer = client.get(PAGE, {"after": after} if after else {})
        seen += [row.entry.pk for row in answer.context["rows"]]
        after = answer.context["next"]
    assert sorted(seen) == sorted(entry.pk for entry in entries)
    assert len(seen) == 8


def test_a_page_of_another_institution_does_not_exist(actor, stranger):
    foreign = note(actor=stranger, deed=Deed.SAW, subject="patient")
    client = actor("site_administrator")
    for after in (foreign.pk, uuid.uuid4(), "x"):
        assert client.get(PAGE, {"after": after}).status_code == 400


@pytest.mark.parametrize("number", [3, 40])
def test_the_number_of_queries_does_not_grow(
    actor, doctor, health_worker, site, number, django_assert_max_num_queries
):
    for _each in range(number):
        keys = {"person": str(health_worker.pk), "site": str(site.pk)}
        note(actor=doctor, deed=Deed.CHANGED, subject="radiograph", after=keys)
    client = actor("site_administrator")
    client.get(PAGE)
    with django_assert_max_num_queries(10):
        assert len(client.get(PAGE).context["rows"]) == number


def test_reading_the_record_leaves_it_as_it_is(page, doctor):
    note(actor=doctor, deed=Deed.SAW, subject="patient")
    page()
    assert AuditEntry.objects.count() == 1


def test_every_subject_that_is_noted_has_a_word():
    """What a room notes can be filtered by, and is called something."""
    noted = re.compile(r"""\bsubject=["'](\w+)["']""")
    for room in ROOMS:
        for path in (ROOT / room).rglob("*.py"):
            text = path.read_text()
            if "note" in text:
                assert set(noted.findall(text)) <= set(SUBJECTS), path.name
