"""GET /api/v1/cases.csv"""

import csv
import io
from datetime import date
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Site
from images.exports import cases
from images.models import Radiograph, Target
from images.pseudonyms import pseudonym
from images.services import record_truth, trash, truth_given
from images.shifting import shifted_day
from tests import factories

URL = "/api/v1/cases.csv"


def table(response) -> list[dict[str, str]]:
    assert response.status_code == 200
    text = b"".join(response.streaming_content).decode()
    return list(csv.DictReader(io.StringIO(text, newline="")))


@pytest.fixture
def case(site, doctor):
    """A case of which everything is known."""
    return factories.make_radiograph(
        site=site, uploader=doctor, patient_code="SECRET-1", sex="F", rt_pcr="positive",
        view="PA", acquired_on=date(2020, 4, 1), age_years=47, source="cohen",
    )  # fmt: skip


def test_case_in_full(case, researcher, sign_in):
    factories.state_truth(
        case, "positive", tested_on=date(2020, 4, 2), laboratory="Central", kit="CDC N1/N2"
    )

    (row,) = table(sign_in(researcher).get(URL))

    assert row == {
        "filename": f"{case.pk}.png",
        "label": "covid",
        "rt_pcr": "positive",
        "patient_id": pseudonym(case.patient),
        "view": "PA",
        "source": "cohen",
        "id": str(case.pk),
        "site": "milagro",
        "sex": "F",
        "age_years": "47",
        "acquired_on": "2020-04-01",
        "date_is_shifted": "false",
        "tested_on": "2020-04-02",
        "pixel_sha256": case.pixel_sha256,
        "is_synthetic": "false",
        "width": "80",
        "height": "96",
        "display_low": "0.0",
        "display_high": "255.0",
        "chest-three-classes": "unknown",
        "chest-three-classes_tested_on": "",
        "laboratory": "Central",
        "kit": "CDC N1/N2",
        "days_between": "-1",
        "chest-three-classes_laboratory": "",
        "chest-three-classes_kit": "",
        "chest-three-classes_days_between": "",
    }


def test_columns_that_came_later_stand_last(case, researcher, sign_in):
    names = list(table(sign_in(researcher).get(URL))[0])

    assert names.index("laboratory") == names.index("chest-three-classes_tested_on") + 1


def test_day_of_the_sample_moves_with_that_of_the_radiograph(case, researcher, sign_in):
    """Else the two, and the days between, would tell by how much the patient's days were moved."""
    factories.state_truth(case, "positive", tested_on=date(2020, 4, 2))
    case.acquired_on, case.date_is_shifted = shifted_day(case.patient, date(2020, 4, 5)), True
    case.save(update_fields=["acquired_on", "date_is_shifted"])

    (row,) = table(sign_in(researcher).get(URL))

    assert row["tested_on"] == str(shifted_day(case.patient, date(2020, 4, 2)))
    assert row["days_between"] == "3"


def test_first_columns_are_those_of_public_collections(case, researcher, sign_in):
    names = list(table(sign_in(researcher).get(URL))[0])

    assert names[:6] == ["filename", "label", "rt_pcr", "patient_id", "view", "source"]


def test_headers(case, doctor, sign_in):
    response = sign_in(doctor).get(URL)
    response.close()

    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Content-Disposition"].startswith('attachment; filename="covid-xr-cases-')
    assert response["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize("who", ["researcher", "doctor", "site_administrator", "administrator"])
def test_own_patient_code_never_leaves(who, case, actor):
    response = actor(who).get(URL)

    assert b"SECRET" not in b"".join(response.streaming_content)


def test_same_patient_same_pseudonym(case, site, doctor, sign_in):
    for seed, code in ((1, "SECRET-1"), (2, "P-2")):
        factories.make_radiograph(
            site=site, uploader=doctor, seed=seed, patient_code=code, rt_pcr="negative"
        )

    first, second, third = (row["patient_id"] for row in table(sign_in(doctor).get(URL)))

    assert first == second != third


def test_same_code_of_another_site_is_another_patient(case, other_site, administrator, sign_in):
    factories.make_radiograph(site=other_site, patient_code="SECRET-1", rt_pcr="positive")

    codes = {row["patient_id"] for row in table(sign_in(administrator).get(URL))}
    assert len(codes) == 2


@pytest.mark.parametrize(
    ("three", "rt_pcr", "label"),
    [
        ("normal", "negative", "normal"),
        ("viral-pneumonia", "negative", "viral-pneumonia"),
        ("covid-19", "", "covid"),
        ("", "negative", ""),
    ],
)
def test_label(three, rt_pcr, label, site, doctor, sign_in):
    made = factories.make_radiograph(site=site, uploader=doctor, rt_pcr=rt_pcr)
    target = Target.objects.get(code="chest-three-classes")
    given = truth_given(target=target, result=three)
    record_truth(
        radiograph=made, target=target, target_class=given.target_class, tested_on=None,
        entered_by=doctor,
    )  # fmt: skip

    (row,) = table(sign_in(doctor).get(URL))

    assert (row["label"], row["chest-three-classes"]) == (label, three or "unknown")


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "＝"])
def test_cells_that_a_spreadsheet_would_run(start, case, doctor, sign_in):
    Radiograph.objects.update(source=f"{start}HYPERLINK(1)")

    (row,) = table(sign_in(doctor).get(URL))

    assert row["source"] == f"'{start}HYPERLINK(1)"


def test_commas_quotes_and_lines_stay_in_their_cell(case, doctor, sign_in):
    Radiograph.objects.update(source='a,"b"\nc;ñ')

    assert table(sign_in(doctor).get(URL))[0]["source"] == 'a,"b"\nc;ñ'


def test_unconfirmed_ones_are_left_out(case, site, doctor, sign_in):
    factories.make_radiograph(site=site, uploader=doctor, seed=1)

    assert [row["id"] for row in table(sign_in(doctor).get(URL))] == [str(case.pk)]


def test_withdrawn_result_is_left_out(case, doctor, sign_in):
    factories.state_truth(case, "unknown")

    assert table(sign_in(doctor).get(URL)) == []


def test_trash_is_left_out(case, doctor, sign_in):
    trash(radiograph=case, by=doctor)

    assert table(sign_in(doctor).get(URL)) == []


def test_a_filter_that_says_nothing_is_refused(case, doctor, sign_in):
    assert sign_in(doctor).get(f"{URL}?synthetic=maybe").status_code == 400


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", {"real"}),
        ("?synthetic=", {"real"}),
        ("?synthetic=false", {"real"}),
        ("?synthetic=true", {"drawn"}),
    ],
)
def test_synthetic_ones_only_when_asked_for(query, found, case, site, doctor, sign_in):
    drawn = factories.make_radiograph(
        site=site, uploader=doctor, seed=1, rt_pcr="positive", is_synthetic=True
    )
    names = {str(case.pk): "real", str(drawn.pk): "drawn"}

    assert {names[row["id"]] for row in table(sign_in(doctor).get(URL + query))} == found


@pytest.mark.parametrize(
    ("query", "many"),
    [("rt_pcr=positive", 1), ("rt_pcr=negative", 0), ("view=PA", 1), ("date_from=2021-01-01", 0)],
)
def test_filters_of_the_list(query, many, case, doctor, sign_in):
    assert len(table(sign_in(doctor).get(f"{URL}?{query}"))) == many


def test_bad_filter_value_is_a_problem_not_a_file(case, doctor, sign_in):
    response = sign_in(doctor).get(f"{URL}?rt_pcr=maybe")

    assert (response.status_code, list(response.json()["errors"])) == (400, ["rt_pcr"])


@pytest.mark.parametrize(("shares", "many"), [(True, 1), (False, 0)])
def test_researchers_take_what_other_sites_share(shares, many, other_site, researcher, sign_in):
    factories.make_radiograph(site=other_site, rt_pcr="negative")
    Site.objects.filter(pk=other_site.pk).update(shares_with_researchers=shares)

    assert len(table(sign_in(researcher).get(URL))) == many


def test_all_batches_come_once_and_oldest_first(site, doctor, sign_in, monkeypatch):
    monkeypatch.setattr(cases, "BATCH", 2)
    made = [
        factories.make_radiograph(site=site, uploader=doctor, seed=seed, rt_pcr="negative")
        for seed in range(5)
    ]
    # Equal moments are what an import in one transaction may leave.
    Radiograph.objects.filter(pk__in=[r.pk for r in made[1:4]]).update(
        created_at=made[1].created_at
    )

    found = [row["id"] for row in table(sign_in(doctor).get(URL))]

    assert sorted(found) == sorted(str(r.pk) for r in made)
    assert (found[0], found[-1]) == (str(made[0].pk), str(made[-1].pk))


def test_queries_grow_with_batches_not_with_cases(site, doctor, sign_in):
    client = sign_in(doctor)
    client.get(URL).close()  # the first request also notes the session
    counts = []
    for seed in range(5):
        factories.make_radiograph(site=site, uploader=doctor, seed=seed, rt_pcr="negative")
        with CaptureQueriesContext(connection) as queries:
            assert len(table(client.get(URL))) == seed + 1
        counts.append(len(queries))

    assert counts[0] == counts[-1]


def test_header_comes_before_the_first_case_is_read(case, doctor, sign_in):
    pieces = iter(sign_in(doctor).get(URL).streaming_content)

    with CaptureQueriesContext(connection) as queries:
        assert next(pieces).startswith(b"filename,label,rt_pcr")

    assert not any("images_radiograph" in query["sql"] for query in queries)


@pytest.mark.data
def test_same_first_columns_as_the_development_data(settings, case, doctor, sign_in):
    file = Path(settings.BASE_DIR).parent / "shared" / "data" / "chestxray" / "metadata.csv"
    if not file.exists():
        pytest.skip("the development radiographs of ../shared/data are not here")
    theirs = file.read_text(encoding="utf-8").splitlines()[0].split(",")[:6]

    assert list(table(sign_in(doctor).get(URL))[0])[:6] == theirs
