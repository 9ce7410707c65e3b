"""The worklist, the reading page and what its script asks for, by everybody."""

import pytest
from django.urls import reverse

from accounts.roles import Role
from reading.models import ListCase, Turn
from reading.urls.cases import urlpatterns
from tests import factories
from tests.images.conftest import SIGN_IN, WAITING, answer_of
from tests.reading import makers
from tests.reading.pages import of

PEOPLE = (
    "anonymous", "pending", "health_worker", "doctor", "researcher", "administrator",
    "site_administrator", "stranger", "doctor_elsewhere",
)  # fmt: skip
PAGES = {
    #              anonymous pending  worker doctor research. admin site adm. stranger elsewhere
    "worklist":   (SIGN_IN, WAITING, 403, 200, 403, 200, 200, 403, 200),
    "read":       (SIGN_IN, WAITING, 403, 200, 403, 200, 200, 403, 404),
    "rules":      (SIGN_IN, WAITING, 403, 403, 403, 200, 200, 403, 403),
}  # fmt: skip
VERBS = {
    "assign":     (SIGN_IN, WAITING, 403, 302, 403, 302, 302, 403, 404),
    "put_back":   (SIGN_IN, WAITING, 403, 302, 403, 302, 302, 403, 404),
    "held":       (SIGN_IN, WAITING, 403, 200, 403, 200, 200, 403, 404),
    "beat":       (SIGN_IN, WAITING, 403, 200, 403, 200, 200, 403, 200),
    "leave":      (SIGN_IN, WAITING, 403, 200, 403, 200, 200, 403, 200),
    "answer":     (SIGN_IN, WAITING, 403, 200, 403, 200, 200, 403, 404),
    "draft":      (SIGN_IN, WAITING, 403, 200, 403, 200, 200, 403, 404),
    "skip":       (SIGN_IN, WAITING, 403, 200, 403, 200, 200, 403, 404),
    "flag":       (SIGN_IN, WAITING, 403, 200, 403, 200, 200, 403, 404),
}  # fmt: skip
# Of a reading of the doctor: nobody else's business.
OF_A_READING = {
    "correct":    (SIGN_IN, WAITING, 403, 200, 403, 404, 404, 403, 404),
    "verdict":    (SIGN_IN, WAITING, 403, 400, 403, 404, 404, 403, 404),
    "undo":       (SIGN_IN, WAITING, 403, 200, 403, 404, 404, 403, 404),
}  # fmt: skip
GIVEN = {"finding": "normal", "reason": "blurred"}


@pytest.fixture
def doctor_elsewhere(other_site):
    return factories.UserFactory(role=Role.DOCTOR, site=other_site)


def cells(table):
    return [
        pytest.param(name, who, expected, id=f"{name}-{who}")
        for name, row in table.items()
        for who, expected in zip(PEOPLE, row, strict=True)
    ]


def address(name, worklist):
    if name in {"worklist", "beat", "leave"}:
        return reverse(f"reading:{name}")
    return of(
        name, worklist if name in {"read", "rules", "assign", "held"} else worklist.cases.first()
    )


@pytest.mark.parametrize(("name", "who", "expected"), cells(PAGES))
def test_page(actor, worklist, name, who, expected):
    assert answer_of(actor(who).get(address(name, worklist))) == expected


@pytest.mark.parametrize(("name", "who", "expected"), cells(VERBS))
def test_verb(actor, worklist, name, who, expected):
    assert answer_of(actor(who).post(address(name, worklist), GIVEN)) == expected


@pytest.mark.parametrize(("name", "who", "expected"), cells(OF_A_READING))
def test_verb_of_a_reading(actor, worklist, doctor, read_by, name, who, expected):
    reading = read_by(doctor, makers.cases_of(worklist)[0])
    assert answer_of(actor(who).post(of(name, reading), GIVEN)) == expected


@pytest.mark.parametrize("name", [*VERBS, *OF_A_READING])
def test_looking_changes_nothing(actor, worklist, doctor, read_by, name):
    reading = read_by(doctor, makers.cases_of(worklist)[0])
    place = of(name, reading) if name in OF_A_READING else address(name, worklist)
    assert actor("doctor").get(place).status_code == 405


def test_who_is_refused_holds_nothing(actor, worklist, doctor_elsewhere):
    actor("doctor_elsewhere").post(of("held", worklist))
    assert not Turn.objects.exists()


def test_a_study_is_read_by_its_readers_alone(sign_in, site, study, doctor, site_administrator):
    assert sign_in(doctor).get(of("read", study)).status_code == 200
    assert sign_in(site_administrator).get(of("read", study)).status_code == 403
    assert sign_in(site_administrator).post(of("held", study)).status_code == 403
    outsider = makers.doctor_of(site, "Olga Outsider")
    assert sign_in(outsider).get(of("read", study)).status_code == 404


def test_a_case_in_the_trash_looks_like_a_missing_one(actor, worklist, doctor):
    from images.services import trash

    case = makers.cases_of(worklist)[0]
    trash(radiograph=case.radiograph, by=doctor)
    assert actor("doctor").post(of("answer", case), GIVEN).status_code == 404
    assert not ListCase.objects.visible_to(doctor).filter(pk=case.pk).exists()


def test_the_tables_name_every_address():
    assert {pattern.name for pattern in urlpatterns} == {*PAGES, *VERBS, *OF_A_READING}
