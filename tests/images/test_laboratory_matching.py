"""Which radiographs a row of a laboratory's table is about, and what it would do to them."""

from datetime import date, timedelta
from uuid import UUID

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from images.models import Patient
from images.services import merge_patients, trash
from images.services.identities import shifted_day
from images.services.laboratory_claims import Claims, Mentions
from images.services.laboratory_rows import FilmOfRow, LaboratoryRow, Statement
from images.tables import TableRefused
from tests import factories
from tests.images.laboratory import DAY, HEADER, codes, film_of, judged, received

ID_HEADER = ("id radiografía", "fecha", "resultado")


def one(by, *cells, **more):
    [row] = judged(by, cells, **more)
    return row


def keys(row):
    return [film.key for film in row.films]


def test_the_radiograph_of_that_day(doctor):
    film = film_of(doctor, "P-1", 1)
    row = one(doctor, "P-1", "02/06/2020", "positivo")
    assert (row.outcome, keys(row), row.films[0].days) == ("created", [film.pk], -1)


@pytest.mark.parametrize(("apart", "outcome"), [(14, "created"), (15, "refused")])
@pytest.mark.parametrize("sign", [1, -1])
def test_the_days_of_the_institution_are_the_limit(doctor, apart, sign, outcome):
    film_of(doctor, "P-1", 1)
    day = DAY + timedelta(days=sign * apart)
    assert one(doctor, "P-1", day.isoformat(), "positivo").outcome == outcome


def test_another_limit(doctor, site):
    site.truth_days = 3
    site.save()
    film_of(doctor, "P-1", 1)
    row = one(doctor, "P-1", "05/06/2020", "positivo")
    assert codes(row) == ["no-near-radiograph"]
    assert "3" in row.problems[0].sentence


def test_all_radiographs_of_those_days(doctor):
    near = [film_of(doctor, "P-1", seed, DAY + timedelta(days=seed)) for seed in (1, 2)]
    film_of(doctor, "P-1", 3, DAY + timedelta(days=60))
    row = one(doctor, "P-1", DAY.isoformat(), "positivo")
    assert set(keys(row)) == {film.pk for film in near}


def test_the_only_radiograph_needs_no_date(doctor):
    film = film_of(doctor, "P-1", 1, day=None)
    row = one(doctor, "P-1", "02/06/2020", "positivo")
    assert (keys(row), row.films[0].days) == ([film.pk], None)


def test_of_several_undated_ones_none_is_meant(doctor):
    for seed in (1, 2):
        film_of(doctor, "P-1", seed, day=None)
    assert codes(one(doctor, "P-1", "02/06/2020", "positivo")) == ["undated-radiographs"]


def test_an_undated_one_beside_the_near_one_is_not_meant(doctor):
    film_of(doctor, "P-1", 1, day=None)
    near = film_of(doctor, "P-1", 2)
    assert keys(one(doctor, "P-1", "02/06/2020", "positivo")) == [near.pk]


def test_a_named_one_needs_neither_patient_nor_nearness(doctor):
    film = film_of(doctor, "P-1", 1)
    row = one(doctor, film.pk, "01/12/2020", "negativo", header=ID_HEADER)
    assert (row.outcome, keys(row)) == ("created", [film.pk])


@pytest.mark.parametrize("code", ["", "P-1"])
def test_by_the_own_identifier(doctor, code):
    films = [film_of(doctor, "P-1", n, None, extra={"own_id": f"RX-{n}"}) for n in (1, 2)]
    header = (*HEADER, "id propio")
    row = one(doctor, code, "01/06/2020", "negativo", "RX-2", header=header)
    assert keys(row) == [films[1].pk]


def test_a_named_one_of_another_patient_is_refused(doctor):
    film = film_of(doctor, "P-1", 1)
    film_of(doctor, "P-2", 2)
    header = (*HEADER, "id")
    row = one(doctor, "P-2", "01/06/2020", "positivo", film.pk, header=header)
    assert codes(row) == ["other-patient"]


def test_a_code_that_a_merge_absorbed_is_followed(doctor):
    kept = film_of(doctor, "P-1", 1).patient
    moved = film_of(doctor, "P-2", 2, DAY + timedelta(days=90))
    merge_patients(kept=kept, absorbed=moved.patient, merged_by=doctor)
    row = one(doctor, "P-2", (DAY + timedelta(days=91)).isoformat(), "positivo")
    assert keys(row) == [moved.pk]


def test_a_moved_day_is_compared_with_a_moved_sample(doctor):
    film = film_of(doctor, "P-1", 1)
    film.acquired_on = shifted_day(Patient.objects.get(code="P-1"), DAY)
    film.date_is_shifted = True
    film.save()
    row = one(doctor, "P-1", "03/06/2020", "positivo")
    assert (keys(row), row.films[0].days) == ([film.pk], -2)
    other = one(doctor, "P-1", film.acquired_on.isoformat(), "positivo")
    assert other.outcome == ("created" if abs((DAY - film.acquired_on).days) <= 14 else "refused")


def test_the_trash_is_out_of_reach(doctor):
    trash(radiograph=film_of(doctor, "P-1", 1), by=doctor)
    assert codes(one(doctor, "P-1", "01/06/2020", "positivo")) == ["no-radiograph"]


def test_another_institutions_patient_is_unknown(doctor, other_site, administrator):
    film = film_of(doctor, "P-1", 1)
    row = one(administrator, "P-1", "01/06/2020", "positivo", site=other_site)
    assert codes(row) == ["no-such-patient"]
    row = one(administrator, film.pk, "01/06/2020", "positivo", site=other_site, header=ID_HEADER)
    assert codes(row) == ["no-such-radiograph"]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (("P-9", "01/06/2020", "positivo"), {"no-such-patient"}),
        (("P-1", "01/01/1800", "positivo"), {"date-too-early"}),
        (("P-1", "tomorrow", "positivo"), {"test-in-future"}),
        (("P-1", "", "positivo"), {"no-sample-date"}),
        (("P-1", "01/06/2020", ""), {"no-result"}),
        (("P-1", "01/06/2020", "quizás"), {"bad-laboratory-result"}),
        (("", "01/06/2020", "positivo"), {"no-patient"}),
        (("María Gómez", "31/02/2020", "?"),
         {"bad-patient-code", "bad-date", "bad-laboratory-result"}),
    ],
)  # fmt: skip
def test_refused_with_a_sentence(doctor, cells, expected):
    film_of(doctor, "P-1", 1)
    later = (timezone.localdate() + timedelta(days=1)).isoformat()
    row = one(doctor, *[later if cell == "tomorrow" else cell for cell in cells])
    assert row.outcome == "refused"
    assert set(codes(row)) == expected
    assert all(problem.column and problem.sentence for problem in row.problems)


def test_a_sample_before_birth_is_refused(doctor):
    film = film_of(doctor, "P-1", 1, age_years=5)
    row = one(doctor, film.pk, "01/06/1990", "positivo", header=ID_HEADER)
    assert codes(row) == ["test-before-birth"]


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (("fecha", "resultado"), "no-patient-column"),
        (("id paciente", "resultado"), "no-sample-column"),
        (("id paciente", "fecha"), "no-result-column"),
    ],
)
def test_columns_that_are_needed(doctor, header, code):
    with pytest.raises(TableRefused) as refused:
        received(doctor, ("P-1", "x", "y"), header=header)
    assert refused.value.code == code


# --- What stands ---------------------------------------------------------------------------------
STANDING = Statement("positive", DAY, "Lab A", "")


@pytest.mark.parametrize(
    ("said", "stands", "outcome"),
    [
        (Statement("positive", DAY), None, "created"),
        (Statement("positive", DAY), STANDING, "unchanged"),
        (Statement("positive", DAY, "Lab A", "Kit"), STANDING, "changed"),
        (Statement("positive", DAY), Statement("positive", None, "Lab A"), "changed"),
        (Statement("positive", DAY), Statement("unknown", None), "changed"),
        (Statement("negative", DAY), STANDING, "conflict"),
        (Statement("indeterminate", DAY), STANDING, "conflict"),
        (Statement("positive", DAY + timedelta(days=1)), STANDING, "conflict"),
        (Statement("positive", DAY, "Lab B"), STANDING, "conflict"),
    ],
)
def test_against_what_stands(said, stands, outcome):
    assert said.against(stands) == outcome


def test_the_dry_run_says_what_stands(doctor):
    film = film_of(doctor, "P-1", 1)
    truth = factories.state_truth(film, "negative", doctor, tested_on=DAY)
    row = one(doctor, "P-1", DAY.isoformat(), "positivo")
    assert (row.outcome, row.films[0].truth) == ("conflict", truth.pk)
    assert row.films[0].stands == Statement("negative", DAY)


def test_news_of_one_radiograph_and_a_conflict_with_another(doctor):
    old, new = (film_of(doctor, "P-1", seed) for seed in (1, 2))
    factories.state_truth(old, "negative", doctor)
    row = one(doctor, "P-1", DAY.isoformat(), "positivo")
    assert row.outcome == "conflict"
    assert {film.key: film.outcome for film in row.films} == {
        old.pk: "conflict", new.pk: "created",
    }  # fmt: skip


# --- Rows among each other -----------------------------------------------------------------------
def test_rows_that_contradict_each_other_are_both_refused(doctor):
    film_of(doctor, "P-1", 1)
    film_of(doctor, "P-2", 2)
    rows = judged(
        doctor, ("P-1", "01/06/2020", "positivo"), ("P-2", "01/06/2020", "positivo"),
        ("P-1", "03/06/2020", "negativo"),
    )  # fmt: skip
    assert [codes(row) for row in rows] == [["rows-contradict"], [], ["rows-contradict"]]
    assert "2, 4" in rows[0].problems[0].sentence


def test_of_rows_that_agree_the_nearest_sample_speaks(doctor):
    film_of(doctor, "P-1", 1)
    far, near = judged(doctor, ("P-1", "05/06/2020", "positivo"), ("P-1", "02/06/2020", "positivo"))
    assert (far.outcome, far.films[0].nearer) == ("unchanged", 3)
    assert (near.outcome, near.films[0].nearer) == ("created", 0)


def test_the_same_row_twice_speaks_once(doctor):
    film_of(doctor, "P-1", 1)
    row = ("P-1", "05/06/2020", "positivo")
    assert [row.outcome for row in judged(doctor, row, row)] == ["created", "unchanged"]


def test_a_row_that_names_the_radiograph_goes_before_others(doctor):
    film, other = (film_of(doctor, "P-1", seed) for seed in (1, 2))
    header = (*HEADER, "id")
    by_day, named = judged(
        doctor, ("P-1", "01/06/2020", "positivo", ""), ("P-1", "03/06/2020", "negativo", film.pk),
        header=header,
    )  # fmt: skip
    assert named.outcome == "created"
    assert {each.key: each.nearer for each in by_day.films} == {film.pk: 3, other.pk: 0}


def test_a_contradiction_beyond_the_rows_looked_up_together(doctor, monkeypatch):
    monkeypatch.setattr("images.services.laboratory.AT_ONCE", 1)
    film_of(doctor, "P-1", 1)
    rows = judged(doctor, ("P-1", "01/06/2020", "positivo"), ("P-1", "01/06/2020", "negativo"))
    assert [row.outcome for row in rows] == ["refused", "refused"]


said_rows = st.lists(
    st.tuples(
        st.sampled_from(["positive", "negative"]), st.integers(0, 9),
        st.lists(st.tuples(st.integers(0, 2), st.booleans()), min_size=1, max_size=3,
                 unique_by=lambda film: film[0]),
    ),
    min_size=1, max_size=8,
)  # fmt: skip


@given(said=said_rows)
def test_each_radiograph_has_one_speaker_or_is_torn(said):
    """Whatever rows say: of what is left to write, no radiograph is spoken for twice."""
    rows = [_row(number, *each) for number, each in enumerate(said, 2)]
    mentions = Mentions()
    mentions.add(rows)
    claims = Claims(mentions.shared())
    claims.add(rows)
    settled = [claims.settled(row) for row in rows]
    speaking = [
        film.key for row in settled if row.outcome != "refused"
        for film in row.films if film.outcome == "created"
    ]  # fmt: skip
    assert len(speaking) == len(set(speaking))
    for row in settled:
        said_of = {
            other.said.result for other in rows for film in other.films
            if any((film.key, film.named) == (mine.key, mine.named) for mine in row.films)
        }  # fmt: skip
        if len(said_of) == 1:
            assert row.outcome != "refused"


def _row(number, result, apart, films):
    return LaboratoryRow(
        number, "P-1", "created", Statement(result, date(2020, 6, 1) + timedelta(days=apart)),
        tuple(
            FilmOfRow(UUID(int=key), UUID(int=9), date(2020, 6, 1), -apart, named, "created")
            for key, named in films
        ),
    )  # fmt: skip


@given(said=said_rows)
def test_a_kept_row_is_read_back(said):
    for number, each in enumerate(said):
        row = _row(number, *each)
        assert LaboratoryRow.from_json(row.to_json()) == row
