"""A worklist of three cases, a study of three, and a second doctor."""

import pytest

from accounts.models import User
from reading.models import ReadingList
from reading.services import answer, take
from tests.reading import makers


@pytest.fixture
def second_doctor(site) -> User:
    return makers.doctor_of(site)


@pytest.fixture
def adjudicator(site) -> User:
    return makers.doctor_of(site, "Juana Judge")


@pytest.fixture
def worklist(site, doctor) -> ReadingList:
    """Three cases that one doctor each reads, in the order of their `value` 0, 1, 2."""
    return makers.make_worklist(site, doctor)


@pytest.fixture
def double_list(site, doctor) -> ReadingList:
    """Three cases that two doctors each read."""
    return makers.make_worklist(site, doctor, readings_needed=2)


@pytest.fixture
def study(site, doctor, second_doctor, adjudicator) -> ReadingList:
    return makers.make_study(site, doctor, [doctor, second_doctor], [adjudicator])


@pytest.fixture
def read_by():
    """`read_by(reader, case, finding) -> RadiologicalReading`: taken and answered."""

    def read(reader, case, finding="normal", **facts):
        return answer(turn=take(case=case, reader=reader), finding=finding, **facts)

    return read
