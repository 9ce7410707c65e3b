"""GET /api/v1/images/"""

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Site
from config.pagination import CursorPages
from images.pseudonyms import pseudonym
from images.services import trash
from tests import factories

URL = "/api/v1/images/"


def day(number: int) -> date:
    return date(2020, 4, number)


def ids(response) -> list[str]:
    return [row["id"] for row in response.json()["results"]]


def test_newest_come_first(site, doctor, sign_in):
    made = [factories.make_radiograph(site=site, uploader=doctor, seed=n) for n in range(3)]

    assert ids(sign_in(doctor).get(URL)) == [str(r.pk) for r in reversed(made)]


def test_radiograph_in_full(radiograph, doctor, sign_in):
    row = sign_in(doctor).get(URL).json()["results"][0]

    assert row.pop("created_at").startswith(str(radiograph.created_at.year))
    assert row == {
        "id": str(radiograph.pk),
        "patient_code": "SECRET-1",
        "site": "milagro",
        "uploader": "Diego Doctor",
        "view": "",
        "acquired_on": None,
        "date_is_shifted": False,
        "age_years": 61,
        "sex": "",
        "source": "",
        "width": 80,
        "height": 96,
        "display_low": 0.0,
        "display_high": 255.0,
        "pixel_sha256": radiograph.pixel_sha256,
        "is_synthetic": False,
        "status": "kept",
        "truth": [
            {
                "target": "covid-19",
                "result": "positive",
                "tested_on": None,
                "laboratory": "",
                "kit": "",
                "days_between": None,
                "id": str(radiograph.truths.get().pk),
            }
        ],
        "picture": f"http://testserver/api/v1/images/{radiograph.pk}/picture",
    }


def test_researchers_get_a_pseudonym_and_no_name(radiograph, researcher, sign_in):
    response = sign_in(researcher).get(URL)

    row = response.json()["results"][0]
    assert (row["patient_code"], row["uploader"]) == (pseudonym(radiograph.patient), None)
    assert "SECRET-1" not in response.content.decode()


def test_pages_follow_one_another(site, doctor, sign_in):
    made = [factories.make_radiograph(site=site, uploader=doctor, seed=n) for n in range(5)]
    client, seen, url = sign_in(doctor), [], f"{URL}?page_size=2"

    while url:
        page = client.get(url)
        seen += ids(page)
        url = page.json()["next"]

    assert seen == [str(r.pk) for r in reversed(made)]


def test_pages_have_an_upper_limit(site, doctor, sign_in, monkeypatch):
    monkeypatch.setattr(CursorPages, "max_page_size", 1)
    for seed in range(2):
        factories.make_radiograph(site=site, uploader=doctor, seed=seed)

    assert len(ids(sign_in(doctor).get(f"{URL}?page_size=100000"))) == 1


@pytest.mark.parametrize("cursor", ["x", "cD0x", "bz14"])
def test_bad_cursor_is_named(cursor, doctor, sign_in):
    response = sign_in(doctor).get(f"{URL}?cursor={cursor}")

    assert (response.status_code, list(response.json()["errors"])) == (400, ["cursor"])


def test_number_of_queries_does_not_grow(site, doctor, sign_in):
    client = sign_in(doctor)
    client.get(URL)
    counts = []
    for seed in range(6):
        factories.make_radiograph(
            site=site, uploader=doctor, seed=seed, patient_code=f"P-{seed}", rt_pcr="positive"
        )
        with CaptureQueriesContext(connection) as queries:
            assert len(ids(client.get(URL))) == seed + 1
        counts.append(len(queries))

    assert counts[0] == counts[-1]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("rt_pcr=positive", {"a"}),
        ("rt_pcr=negative", {"b"}),
        ("rt_pcr=unknown", {"c"}),
        ("view=PA", {"b"}),
        ("patient=ZZ", {"c"}),
        ("date_from=2020-04-02", {"b", "c"}),
        ("date_to=2020-04-01", {"a"}),
        ("synthetic=true", {"b"}),
        ("synthetic=false", {"a", "c"}),
        ("source=cohen", {"a"}),
        ("mine=true", {"a", "b"}),
        ("rt_pcr=positive&view=PA", set()),
    ],
)
def test_filters(query, found, site, doctor, health_worker, sign_in):
    make = factories.make_radiograph
    rows = {
        "a": make(uploader=doctor, seed=1, rt_pcr="positive", acquired_on=day(1), source="cohen"),
        "b": make(uploader=doctor, seed=2, rt_pcr="negative", acquired_on=day(2), view="PA",
                  is_synthetic=True),
        "c": make(uploader=health_worker, seed=3, patient_code="ZZ-9"),
    }  # fmt: skip
    names = {str(row.pk): name for name, row in rows.items()}

    assert {names[key] for key in ids(sign_in(doctor).get(f"{URL}?{query}"))} == found


@pytest.mark.parametrize("query", ["view=sideways", "rt_pcr=maybe", "date_from=yesterday"])
def test_bad_filter_values_are_named(query, doctor, sign_in):
    response = sign_in(doctor).get(f"{URL}?{query}")

    assert (response.status_code, response.json()["code"]) == (400, "invalid")
    assert list(response.json()["errors"]) == [query.split("=")[0]]


def test_researchers_cannot_probe_patient_codes(radiograph, researcher, sign_in):
    client = sign_in(researcher)

    assert ids(client.get(f"{URL}?patient=SECRET")) == ids(client.get(f"{URL}?patient=OTHER"))


@pytest.mark.parametrize(("shares", "seen"), [(True, 1), (False, 0)])
def test_researchers_see_what_other_sites_share(shares, seen, other_site, researcher, sign_in):
    factories.make_radiograph(site=other_site, rt_pcr="negative")
    Site.objects.filter(pk=other_site.pk).update(shares_with_researchers=shares)

    assert len(ids(sign_in(researcher).get(URL))) == seen


def test_trash_is_not_listed(radiograph, doctor, sign_in):
    trash(radiograph=radiograph, by=doctor)

    assert ids(sign_in(doctor).get(URL)) == []


def test_last_slash_may_be_left_out(radiograph, doctor, sign_in):
    assert ids(sign_in(doctor).get("/api/v1/images")) == [str(radiograph.pk)]
