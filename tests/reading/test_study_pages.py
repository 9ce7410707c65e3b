"""Every address of reader studies, asked for by everybody; and that readers stay blind."""

import pytest
from django.urls import reverse

from reading.models import ReadingList
from reading.services.studies import close_study
from reading.urls.studies import urlpatterns
from tests.images.conftest import SIGN_IN, WAITING, answer_of
from tests.reading.studies import cases_of, doctor_of, films_of, read, study_of

pytestmark = pytest.mark.django_db

PEOPLE = (
    "anonymous", "pending", "health_worker", "researcher", "strange_doctor", "other_doctor",
    "doctor", "judge", "site_administrator", "administrator",
)  # fmt: skip
# `doctor` reads in the study, `judge` decides in it, `other_doctor` has no part in it.
OPEN = {
    #                  anonymous pending  worker resear. strange other doctor judge site adm. admin
    "studies":          (SIGN_IN, WAITING, 403, 403, 200, 200, 200, 200, 200, 200),
    "study_new":        (SIGN_IN, WAITING, 403, 403, 403, 403, 403, 403, 200, 200),
    "study":            (SIGN_IN, WAITING, 403, 403, 404, 404, 200, 200, 200, 200),
    "study_change":     (SIGN_IN, WAITING, 403, 403, 403, 403, 403, 403, 200, 200),
    "study_close":      (SIGN_IN, WAITING, 403, 403, 403, 403, 403, 403, 200, 200),
    "study_adjudicate": (SIGN_IN, WAITING, 403, 403, 404, 404, 403, 200, 403, 403),
    "study_results":    (SIGN_IN, WAITING, 403, 403, 404, 404, 403, 403, 200, 200),
    "study_export":     (SIGN_IN, WAITING, 403, 403, 403, 403, 403, 403, 200, 200),
}  # fmt: skip
CLOSED = {
    "study":            (SIGN_IN, WAITING, 403, 403, 404, 404, 200, 200, 200, 200),
    "study_adjudicate": (SIGN_IN, WAITING, 403, 403, 404, 404, 403, 200, 403, 403),
    "study_results":    (SIGN_IN, WAITING, 403, 403, 404, 404, 200, 200, 200, 200),
    "study_export":     (SIGN_IN, WAITING, 403, 403, 403, 403, 403, 403, 200, 200),
}  # fmt: skip
VERBS = {
    "study_close":      (SIGN_IN, WAITING, 403, 403, 403, 403, 403, 403, 302, 302),
    "study_change":     (SIGN_IN, WAITING, 403, 403, 403, 403, 403, 403, 302, 302),
}  # fmt: skip


@pytest.fixture
def strange_doctor(other_site):
    return doctor_of(other_site, "Strange Doctor")


@pytest.fixture
def other_doctor(site):
    return doctor_of(site, "Olga Other")


@pytest.fixture
def second(site):
    return doctor_of(site, "Segundo Second")


@pytest.fixture
def judge(site):
    return doctor_of(site, "Juana Judge")


@pytest.fixture
def films(site):
    return films_of(site, "pn")


@pytest.fixture
def study(site_administrator, films, doctor, second, judge):
    return study_of(site_administrator, films, [doctor, second], judge)


@pytest.fixture
def half_read(study, films, second):
    """The second reader has read both cases, and noted why."""
    for case, letter in zip(cases_of(study, films), "vb", strict=True):
        read(case, second, letter, note="an unmistakable note")
    return study


def cells(table):
    return [
        pytest.param(name, who, expected, id=f"{name}-{who}")
        for name, row in table.items()
        for who, expected in zip(PEOPLE, row, strict=True)
    ]


def address(name: str, study: ReadingList) -> str:
    alone = name in {"studies", "study_new"}
    return reverse(f"reading:{name}", args=[] if alone else [study.pk])


@pytest.mark.parametrize(("name", "who", "expected"), cells(OPEN))
def test_open_study(actor, study, name, who, expected):
    assert answer_of(actor(who).get(address(name, study))) == expected


@pytest.mark.parametrize(("name", "who", "expected"), cells(CLOSED))
def test_closed_study(actor, study, site_administrator, name, who, expected):
    close_study(study=study, by=site_administrator)
    assert answer_of(actor(who).get(address(name, study))) == expected


@pytest.mark.parametrize(("name", "who", "expected"), cells(VERBS))
def test_verb(actor, study, doctor, second, name, who, expected):
    sent = {"name": "Changed", "readers": [doctor.pk, second.pk]}
    assert answer_of(actor(who).post(address(name, study), sent)) == expected
    study.refresh_from_db()
    assert (bool(study.closed_at) or study.name == "Changed") == (expected == 302)


def test_the_tables_name_every_address():
    assert {pattern.name for pattern in urlpatterns} == {*OPEN}


def test_a_worklist_is_no_study(actor, study):
    ReadingList.objects.filter(pk=study.pk).update(kind="worklist")
    assert actor("administrator").get(address("study", study)).status_code == 404


@pytest.mark.parametrize("who", ["doctor", "judge"])
@pytest.mark.parametrize("name", ["studies", "study", "study_results"])
def test_no_page_tells_a_finding_while_the_study_is_open(actor, half_read, who, name):
    page = actor(who).get(address(name, half_read), headers={"accept-language": "en"}).text

    assert "an unmistakable note" not in page
    assert "iral pneumonia" not in page
    assert "acterial pneumonia" not in page


@pytest.mark.parametrize("part", ["reader", "adjudicator"])
def test_an_administrator_with_a_part_is_blind_too(
    actor, films, administrator, site_administrator, doctor, second, part
):
    people = {"readers": [doctor, second], "adjudicator": site_administrator}
    if part == "reader":
        people = {"readers": [doctor, site_administrator]}
    study = study_of(administrator, films, **people)

    client = actor("site_administrator")
    assert client.get(address("study_results", study)).status_code == 403
    assert client.get(address("study_export", study)).status_code == 403
    close_study(study=study, by=administrator)
    assert client.get(address("study_results", study)).status_code == 200
    assert client.get(address("study_export", study)).status_code == 200


@pytest.mark.parametrize(("who", "told"), [("doctor", False), ("site_administrator", True)])
def test_readers_do_not_read_how_many_positives_to_expect(actor, study, who, told):
    page = actor(who).get(address("study", study), headers={"accept-language": "en"}).text
    assert ("Seed of the draw" in page) == told


def test_progress_counts_what_everybody_read(actor, half_read):
    page = actor("doctor").get(address("study", half_read))
    read_of = {each.part.reader.full_name: (each.read, each.cases) for each in
               page.context["progress"]}  # fmt: skip
    assert read_of == {"Diego Doctor": (0, 2), "Segundo Second": (2, 2)}


def test_a_reader_is_led_to_the_reading_page(actor, study):
    start = reverse("reading:read", args=[study.pk])
    assert start in actor("doctor").get(address("study", study)).text
    assert start not in actor("judge").get(address("study", study)).text


@pytest.mark.parametrize(
    ("who", "named"), [("site_administrator", True), ("doctor", False), ("judge", False)]
)
def test_results_name_readers_to_managers_only(actor, half_read, administrator, who, named):
    close_study(study=half_read, by=administrator)
    page = actor(who).get(address("study_results", half_read)).text
    assert ("Segundo Second" in page) == named


def test_results_say_that_the_study_is_open(actor, half_read):
    page = actor("site_administrator").get(
        address("study_results", half_read), headers={"accept-language": "en"}
    )
    assert "still open" in page.text
    assert "Few cases" in page.text


# --- making one ----------------------------------------------------------------------------


def typed(*people, **facts) -> dict:
    return {"name": "New", "purpose": "", "readers": [each.pk for each in people], **facts}


def test_ticks_of_the_list_come_into_the_form(actor, films):
    sent = {"scope": "ticked", "key": [film.pk for film in films], "query": "sex=F"}
    page = actor("site_administrator").post(reverse("reading:study_new"), sent)

    assert page.status_code == 200
    assert page.context["form"].ticked == [film.pk for film in films]
    assert not ReadingList.objects.studies().exists()


def test_a_study_of_the_ticked_ones(actor, films, doctor, second):
    sent = typed(doctor, second, scope="ticked", key=[films[0].pk], way="ticked")
    answer = actor("site_administrator").post(reverse("reading:study_new"), sent)

    study = ReadingList.objects.studies().get()
    assert answer["Location"] == reverse("reading:study", args=[study.pk])
    assert [case.radiograph_id for case in study.cases.all()] == [films[0].pk]
    assert not study.hides_model


def test_a_study_of_all_that_match(actor, films, doctor, second):
    sent = typed(doctor, second, scope="matching", query="rt_pcr=negative", way="matching")
    actor("site_administrator").post(reverse("reading:study_new"), sent)
    assert [case.radiograph_id for case in ReadingList.objects.get().cases.all()] == [films[1].pk]


def test_a_random_sample(actor, films, doctor, second):
    sent = typed(doctor, second, way="sample", size=2, positive_percent=50, hides_model="on")
    actor("site_administrator").post(reverse("reading:study_new"), sent)
    study = ReadingList.objects.studies().get()
    assert (study.cases.count(), study.hides_model) == (2, True)


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"name": ""}, "name"),
        ({"size": ""}, "size"),
        ({"size": 40}, "size"),
        ({"size": 2001}, "size"),
        ({"positive_percent": 101}, "positive_percent"),
        ({"readers": []}, "readers"),
        ({"way": "ticked"}, "way"),
        ({"adjudicator": "00000000-0000-4000-8000-000000000000"}, "adjudicator"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(actor, films, doctor, second, facts, field):
    sent = typed(doctor, second, way="sample", size=2, positive_percent=50) | facts
    answer = actor("site_administrator").post(reverse("reading:study_new"), sent)

    assert answer.status_code == 400
    assert answer.context["form"].errors[field]
    assert not ReadingList.objects.studies().exists()


def test_one_reader_is_too_few(actor, films, doctor):
    sent = typed(doctor, way="sample", size=2, positive_percent=50)
    answer = actor("site_administrator").post(reverse("reading:study_new"), sent)
    assert answer.context["form"].errors["readers"]


def test_doctors_of_other_institutions_are_not_offered(actor, strange_doctor, doctor, study):
    page = actor("site_administrator").get(reverse("reading:study_new"))
    offered = set(page.context["form"].fields["readers"].queryset)
    assert doctor in offered
    assert strange_doctor not in offered


def test_who_sees_all_institutions_names_one_first(actor, study, site, strange_doctor):
    client, new = actor("administrator"), reverse("reading:study_new")

    assert "form" in client.get(new).context
    page = client.get(new, {"site": site.pk})
    assert strange_doctor not in page.context["form"].fields["readers"].queryset


def test_ticks_name_the_institution_by_themselves(actor, films, site):
    sent = {"scope": "ticked", "key": [film.pk for film in films]}
    page = actor("administrator").post(reverse("reading:study_new"), sent)
    assert page.context["site"] == site


def test_the_list_leads_managers_to_a_study(actor, films):
    new = reverse("reading:study_new")
    assert new in actor("site_administrator").get(reverse("images:list")).text
    assert new not in actor("doctor").get(reverse("images:list")).text


def test_a_read_study_cannot_be_changed(actor, half_read, doctor, second):
    client = actor("site_administrator")
    answer = client.post(address("study_change", half_read), typed(doctor, second))

    assert answer.status_code == 400
    assert not client.get(address("study", half_read)).context["may_change"]
