"""The worklist's page: figures, order, pages, whose a case is, what was set aside."""

import pytest
from django.urls import reverse

from accounts.roles import Role
from reading import worklist as pages
from reading.models import CaseState, ListCase, Rank
from reading.services import flag, take
from tests import factories
from tests.reading import makers
from tests.reading.pages import answer_of_model, of

HOME = reverse("reading:worklist")
ENGLISH = {"accept-language": "en"}


@pytest.fixture
def page(sign_in, doctor):
    """`page(**query)`: what the doctor's page was made of."""

    def got(**query):
        response = sign_in(doctor).get(HOME, query)
        assert response.status_code == 200
        return response.context

    return got


def keys(context):
    return [case.pk for case, *_rest in context["rows"]]


def test_cases_stand_in_the_order_of_their_value(page, worklist):
    last = makers.cases_of(worklist)[2]
    ListCase.objects.filter(pk=last.pk).update(rank=Rank.UNCERTAIN)
    first, second, _ = makers.cases_of(worklist)
    assert keys(page()) == [last.pk, first.pk, second.pk]


def test_a_site_without_a_worklist_gets_one(page, site):
    assert page()["reading_list"].site == site
    assert keys(page()) == []


def test_pages_follow_one_another_without_a_gap(page, worklist, site, doctor, monkeypatch):
    monkeypatch.setattr(pages, "PER_PAGE", 2)
    makers.add_cases(worklist, makers.make_films(site, doctor, range(4)))  # equal values
    seen, after = [], None
    while True:
        shown = page(**({"after": after} if after else {}))
        seen += keys(shown)
        if shown["page"].after is None:
            break
        after = shown["page"].after.pk
    expected = worklist.cases.order_by("rank", "value", "pk").values_list("pk", flat=True)
    assert seen == list(expected)


@pytest.mark.parametrize("query", [{"after": "nonsense"}, {"show": "all"}, {"show": ""}])
def test_what_is_no_page_is_the_first(page, worklist, query):
    assert len(keys(page(**query))) == 3


def test_figures(page, worklist, doctor, read_by):
    first, second, third = makers.cases_of(worklist)
    ListCase.objects.filter(pk=third.pk).update(rank=Rank.CONTRADICTED, assigned_to=doctor)
    read_by(doctor, first)
    flag(turn=take(case=second, reader=doctor), reason="blurred")
    counts = page()["counts"]
    assert [each.count.number for each in counts.ranks] == [0, 1, 0]
    assert (counts.mine.number, counts.aside.number, counts.done_today.number) == (1, 1, 1)


def test_nothing_is_counted_without_end(page, worklist, monkeypatch):
    monkeypatch.setattr(pages, "COUNTED", 2)
    rest = page()["counts"].ranks[Rank.REST].count
    assert (rest.number, rest.is_more) == (2, True)


def test_the_model_stays_hidden_until_a_case_is_read(sign_in, doctor, worklist):
    answer_of_model(makers.cases_of(worklist)[0].radiograph, worklist.target)
    assert "result-positive" not in sign_in(doctor).get(HOME).content.decode()
    worklist.hides_model = False
    worklist.save()
    assert "result-positive" in sign_in(doctor).get(HOME).content.decode()


def test_ticked_cases_go_to_a_colleague(sign_in, doctor, second_doctor, worklist):
    first, second, _ = makers.cases_of(worklist)
    sent = {"to": second_doctor.pk, "key": [first.pk, second.pk]}
    response = sign_in(doctor).post(of("assign", worklist), sent, follow=True, headers=ENGLISH)
    assert "2 cases wait for Dora Second now." in response.content.decode()
    assert set(ListCase.objects.filter(assigned_to=second_doctor)) == {first, second}


def test_nobody_named_takes_them_from_everybody(sign_in, doctor, worklist):
    case = makers.cases_of(worklist)[0]
    ListCase.objects.filter(pk=case.pk).update(assigned_to=doctor)
    sign_in(doctor).post(of("assign", worklist), {"to": "", "key": case.pk})
    case.refresh_from_db()
    assert case.assigned_to is None


def test_assigning_nothing_says_so(sign_in, doctor, second_doctor, worklist):
    sent = {"to": second_doctor.pk}
    response = sign_in(doctor).post(of("assign", worklist), sent, follow=True, headers=ENGLISH)
    assert "Tick at least one case." in response.content.decode()


def test_a_case_goes_to_nobody_of_another_institution(sign_in, doctor, other_site, worklist):
    elsewhere = factories.UserFactory(role=Role.DOCTOR, site=other_site)
    case = makers.cases_of(worklist)[0]
    sign_in(doctor).post(of("assign", worklist), {"to": elsewhere.pk, "key": case.pk})
    case.refresh_from_db()
    assert case.assigned_to is None


def test_mine_shows_what_is_assigned_to_me(page, worklist, doctor):
    case = makers.cases_of(worklist)[1]
    ListCase.objects.filter(pk=case.pk).update(assigned_to=doctor)
    assert keys(page(show="mine")) == [case.pk]


def test_what_was_set_aside_is_put_back(sign_in, page, worklist, doctor):
    case = makers.cases_of(worklist)[0]
    flag(turn=take(case=case, reader=doctor), reason="Two patients on one film")
    assert keys(page(show="aside")) == [case.pk]
    assert "Two patients on one film" in sign_in(doctor).get(HOME, {"show": "aside"}).text
    response = sign_in(doctor).post(of("put_back", case))
    assert response.headers["Location"] == f"{HOME}?show=aside"
    case.refresh_from_db()
    assert case.state == CaseState.OPEN


def test_a_case_of_a_study_is_not_put_back_here(sign_in, doctor, study):
    case = makers.cases_of(study)[0]
    flag(turn=take(case=case, reader=doctor), reason="blurred")
    assert sign_in(doctor).post(of("put_back", case)).status_code == 404


def test_who_sees_every_institution_chooses_one(sign_in, administrator, worklist, site):
    client = sign_in(administrator)
    assert "reading/choose_site.html" in [t.name for t in client.get(HOME).templates]
    assert len(keys(client.get(HOME, {"site": site.pk}).context)) == 3
    assert client.get(HOME, {"site": "nonsense"}).status_code == 200


def test_a_doctor_sees_the_own_institution_whatever_is_asked_for(page, worklist, other_site):
    assert page(site=other_site.pk)["reading_list"] == worklist


@pytest.mark.parametrize("hides", [True, False])
def test_the_number_of_queries_does_not_grow(
    sign_in, doctor, worklist, site, django_assert_max_num_queries, hides
):
    worklist.hides_model = hides
    worklist.save()
    makers.add_cases(worklist, makers.make_films(site, doctor, range(20)))
    client = sign_in(doctor)
    client.get(HOME)
    with django_assert_max_num_queries(22):
        client.get(HOME)
