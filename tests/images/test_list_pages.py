"""Orders and pages of the list: every row once, whatever is sorted by and however it is walked."""

import re
from datetime import date, timedelta

import pytest
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from images.models import ListLayout, Patient, Radiograph
from images.ordering import LABELS, order_named, page_of
from tests import factories

LIST = "/images/"


def rows_of(film, facts):
    """A row for each of `facts`, without files of its own."""
    now = timezone.now()
    return Radiograph.objects.bulk_create(
        Radiograph(
            patient=film.patient, site=film.site, uploader=film.uploader, width=1, height=1,
            file=film.file.name, thumbnail=film.thumbnail.name, pixel_sha256=f"{number:064}",
            display_low=0, display_high=255, **fact,
        )
        for number, fact in enumerate(facts)
    ) and Radiograph.objects.filter(width=1, created_at__gte=now - timedelta(hours=1))  # fmt: skip


@pytest.fixture
def many(film):
    """Thirty rows with dates, ages and results that repeat or are missing."""
    rows_of(
        film,
        [
            {
                "acquired_on": None if n % 4 == 0 else date(2020, 1, 1 + n % 5),
                "age_years": None if n % 3 == 0 else 40 + n % 3,
                "rt_pcr": ("", "negative", "positive")[n % 3],
            }
            for n in range(29)
        ],
    )
    for n, row in enumerate(Radiograph.objects.exclude(pk=film.pk)[:6]):
        patient = Patient.objects.create(site=film.site, code=f"Z-{n % 3}{n}")
        Radiograph.objects.filter(pk=row.pk).update(patient=patient)


def walked(order, size, backwards=False):
    """Keys in the order of the pages, walked to the end and, if asked, back again."""
    page = page_of(Radiograph.objects.all(), order, size=size)
    pages = [page]
    while page.after:
        page = page_of(Radiograph.objects.all(), order, size=size, after=page.after)
        pages.append(page)
    if not backwards:
        return [row.pk for page in pages for row in page.rows]
    pages = [page]
    while page.before:
        page = page_of(Radiograph.objects.all(), order, size=size, before=page.before)
        pages.insert(0, page)
    return [row.pk for page in pages for row in page.rows]


@pytest.mark.parametrize("word", LABELS)
def test_every_row_comes_once(many, doctor, word):
    order = order_named(word, doctor)
    everything = [row.pk for row in page_of(Radiograph.objects.all(), order, size=100).rows]
    assert len(everything) == 30
    assert walked(order, 7) == everything


@pytest.mark.parametrize("word", LABELS)
def test_back_is_the_way_one_came(many, doctor, word):
    order = order_named(word, doctor)
    back = walked(order, 5, backwards=True)
    assert back[-5:] == walked(order, 5)[-5:]
    assert list(dict.fromkeys(back)) == walked(order, 5)


@settings(max_examples=25, deadline=None)
@given(
    ages=st.lists(st.none() | st.integers(0, 3), max_size=14),
    size=st.integers(1, 6),
    descending=st.booleans(),
)
def test_ages_come_in_order_and_unknown_ones_last(ages, size, descending):
    rows = [Radiograph(age_years=age) for age in ages]
    known = sorted((row.age_years for row in rows if row.age_years is not None), reverse=descending)
    expected = [*known, *(None for row in rows if row.age_years is None)]
    assert sorted(expected, key=lambda age: age is None) == expected


@pytest.mark.parametrize("word", ["age", "-age", "date", "-date"])
def test_rows_without_the_value_come_last(many, doctor, word):
    order = order_named(word, doctor)
    rows = page_of(Radiograph.objects.all(), order, size=100).rows
    values = [order.value_of(row) for row in rows]
    known = [value for value in values if value is not None]
    assert values == [*sorted(known, reverse=order.descending), *[None] * (30 - len(known))]


def test_a_page_has_24_rows(actor, many):
    assert len(actor("doctor").get(LIST).context["page"].rows) == 24


@pytest.mark.parametrize(("asked", "rows"), [("24", 24), ("50", 30), ("200", 30)])
def test_or_as_many_as_are_asked_for(actor, many, asked, rows):
    assert len(actor("doctor").get(LIST, {"per_page": asked}).context["page"].rows) == rows


def test_the_way_on_keeps_filters_and_names_no_patient(actor, many):
    page = actor("doctor").get(LIST, {"patient": "P-", "sort": "patient"}).content.decode()
    assert re.search(r"\?patient=P-&amp;sort=patient&amp;after=[0-9a-f-]{36}\"", page) is None
    page = actor("doctor").get(LIST, {"sort": "patient"}).content.decode()
    assert re.search(r"\?sort=patient&amp;after=[0-9a-f-]{36}\"", page)


def test_the_next_page_has_the_rest(actor, many):
    client = actor("doctor")
    first = client.get(LIST).context["page"]
    second = client.get(LIST, {"after": str(first.after.pk)}).context["page"]
    assert (len(second.rows), second.after) == (6, None)
    assert not {row.pk for row in first.rows} & {row.pk for row in second.rows}


def test_a_page_named_by_a_radiograph_of_another_institution_is_none(actor, many, other_site):
    elsewhere = factories.make_radiograph(site=other_site, seed=9)
    assert actor("doctor").get(LIST, {"after": str(elsewhere.pk)}).status_code == 400


def test_a_page_named_by_what_was_put_away_meanwhile_still_opens(actor, many):
    first = actor("doctor").get(LIST).context["page"].after
    Radiograph.objects.filter(pk=first.pk).update(status="trashed")
    assert len(actor("doctor").get(LIST, {"after": str(first.pk)}).context["page"].rows) == 6


def test_researchers_cannot_sort_by_codes(actor, many):
    assert actor("researcher").get(LIST, {"sort": "patient"}).status_code == 400


class TestCount:
    def test_is_exact_and_at_once_where_one_page_holds_all(self, actor, film):
        assert actor("doctor").get(LIST).context["number"] == 1

    def test_comes_by_itself_where_there_are_more(self, actor, many):
        page = actor("doctor").get(LIST)
        assert page.context["number"] is None
        assert 'hx-get="/images/count/' in page.content.decode()

    def test_is_exact(self, actor, many):
        assert "30" in actor("doctor").get("/images/count/").content.decode()

    def test_says_more_than_the_limit(self, actor, many, monkeypatch):
        monkeypatch.setattr("images.views.listing.COUNTED", 10)
        piece = actor("doctor").get("/images/count/", headers={"accept-language": "en"})
        assert (piece.context["number"], piece.context["is_more"]) == (10, True)

    def test_counts_what_matches(self, actor, many):
        piece = actor("doctor").get("/images/count/", {"rt_pcr": "negative"})
        assert piece.context["number"] == 10

    def test_refuses_what_is_not_valid(self, actor, many):
        assert actor("doctor").get("/images/count/", {"rt_pcr": "?"}).status_code == 400


def test_badges_are_asked_for_in_addresses_that_servers_take(actor, many):
    page = actor("doctor").get(LIST, {"per_page": "200"}).content.decode()
    addresses = re.findall(r'hx-get="(/inference/badges[^"]*)"', page)
    assert max(map(len, addresses)) < 4000


class TestLayout:
    def sent(self, *ticked, **places):
        names = ["picture", "patient", "date", "result", "prediction", "uploader", "age", "sex",
                 "view", "upload", "assigned", "source", "own_id", "format"]  # fmt: skip
        placed = {f"place_{name}": places.get(name, n) for n, name in enumerate(names, 1)}
        return placed | {f"show_{name}": "on" for name in ticked} | {"per_page": "50"}

    def test_columns_come_as_chosen(self, actor, film, doctor):
        client = actor("doctor")
        client.post("/images/columns/", self.sent("patient", "age", age=1, patient=2))
        kept = ListLayout.objects.get(owner=doctor)
        assert (kept.columns, kept.per_page) == (["age", "patient"], 50)
        page = client.get(LIST)
        assert [column.name for column in page.context["columns"]] == ["age", "patient"]
        assert "film-thumb" not in page.content.decode()

    def test_every_column_can_be_shown(self, actor, film, doctor):
        names = [name for name in self.sent() if name.startswith("place_")]
        ticked = [name.removeprefix("place_") for name in names]
        actor("doctor").post("/images/columns/", self.sent(*ticked))
        assert actor("doctor").get(LIST).status_code == 200

    def test_no_column_is_refused(self, actor, doctor):
        assert actor("doctor").post("/images/columns/", self.sent()).status_code == 400

    def test_a_place_that_is_none_is_refused(self, actor, doctor):
        data = self.sent("age", age="first")
        assert actor("doctor").post("/images/columns/", data).status_code == 400

    def test_researchers_get_no_column_of_staff(self, actor, film, researcher):
        ListLayout.objects.create(owner=researcher, columns=["uploader", "own_id", "patient"])
        page = actor("researcher").get(LIST)
        assert [column.name for column in page.context["columns"]] == ["patient"]
