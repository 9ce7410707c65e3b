"""Any order of taking, answering, skipping, losing and undoing keeps the rules of the list."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)

from reading.errors import ReadingRefused
from reading.models import CaseState, Finding, RadiologicalReading, Turn, TurnState
from reading.models.turn import FILLING
from reading.services import (
    HOLD,
    answer,
    extend,
    flag,
    give_back,
    hold_ahead,
    keep_draft,
    next_turn,
    put_back,
    skip,
    take,
    undo,
)
from tests.reading import makers

START = datetime(2026, 1, 1, tzinfo=UTC)
READERS, CASES = 3, 3
readers, numbers = st.integers(0, READERS - 1), st.integers(0, CASES - 1)


class Machine(RuleBasedStateMachine):
    """What each reader was told, kept beside the rows and compared with them."""

    people = reading_list = None  # given by the test

    def __init__(self):
        super().__init__()
        RadiologicalReading.objects.all().delete()
        Turn.objects.all().delete()
        self.reading_list.cases.update(state="open", readings_count=0, flagged_by=None)
        self.cases = makers.cases_of(self.reading_list)
        self.now = START
        self.pages = {}  # what each reader has on the screen
        self.findings, self.drafts, self.promised = {}, {}, {}

    def ask(self, work, **wishes):
        """What `work` gives, or the name of what it refuses."""
        with time_machine.travel(self.now, tick=False):
            try:
                return work(**wishes)
            except ReadingRefused as refusal:
                return refusal.code

    def show(self, reader, turn):
        if isinstance(turn, Turn):
            self.pages[reader] = turn
            self.promise(turn)

    def promise(self, turn):
        """A place that was given to somebody is theirs for as long as it says."""
        assert turn.held_until == self.now + HOLD
        self.promised[turn.pk] = turn.held_until

    @rule(minutes=st.sampled_from([1, 4, 9, 11]))
    def time_passes(self, minutes):
        self.now += timedelta(minutes=minutes)

    @rule(reader=readers)
    def next(self, reader):
        person = self.people[reader]
        self.show(reader, self.ask(next_turn, reader=person, reading_list=self.reading_list))

    @rule(reader=readers)
    def go_on(self, reader):
        if page := self.pages.get(reader):
            wishes = {"reader": self.people[reader], "reading_list": self.reading_list}
            self.show(reader, self.ask(next_turn, after=page, **wishes))

    @rule(reader=readers)
    def hold_more(self, reader):
        wishes = {"reader": self.people[reader], "reading_list": self.reading_list}
        for turn in self.ask(hold_ahead, **wishes):
            self.promise(turn)

    @rule(reader=readers, number=numbers)
    def take(self, reader, number):
        wishes = {"reader": self.people[reader], "case": self.cases[number]}
        self.show(reader, self.ask(take, **wishes))

    @rule(reader=readers, finding=st.sampled_from(Finding.values))
    def answer(self, reader, finding):
        if page := self.pages.get(reader):
            said = self.ask(answer, turn=page, finding=finding)
            seat = (page.case_id, page.reader_id)
            if isinstance(said, RadiologicalReading):
                assert self.findings.setdefault(seat, finding) == finding
                self.drafts.pop(seat, None)
                self.promised.pop(page.pk, None)
            elif Turn.objects.filter(pk=page.pk).exists():
                self.drafts[seat] = {"finding": finding, "note": ""}

    @rule(reader=readers)
    def undo(self, reader):
        mine = RadiologicalReading.objects.current().filter(reader=self.people[reader])
        last = mine.exclude(finding="").order_by("created_at").last()
        if last is not None and self.ask(undo, reading=last) is None:
            del self.findings[last.case_id, last.reader_id]
            self.drafts.pop((last.case_id, last.reader_id), None)

    @rule(reader=readers)
    def type(self, reader):
        page = self.pages.get(reader)
        if page and Turn.objects.filter(pk=page.pk).exclude(state="answered").exists():
            draft = {"note": str(self.now)}
            self.ask(keep_draft, turn=page, draft=draft)
            self.drafts[page.case_id, page.reader_id] = draft

    @rule(reader=readers)
    def stay(self, reader):
        if page := self.pages.get(reader):
            turn = self.ask(extend, turn=page)
            if isinstance(turn, Turn) and turn.state == TurnState.HELD:
                self.promise(turn)

    @rule(reader=readers, work=st.sampled_from([skip, give_back]))
    def leave(self, reader, work):
        if page := self.pages.get(reader):
            self.ask(work, turn=page)
            self.promised.pop(page.pk, None)

    @rule(reader=readers)
    def set_aside(self, reader):
        page = self.pages.get(reader)
        if page and self.ask(flag, turn=page, reason="rotated") is None:
            mine = Turn.objects.filter(case=page.case_id, reader=page.reader_id)
            self.promised.pop(mine.get().pk, None)

    @rule(reader=readers, number=numbers)
    def put_back(self, reader, number):
        self.ask(put_back, case=self.cases[number], by=self.people[reader])

    @invariant()
    def no_place_has_two_people(self):
        seats = Counter(
            Turn.objects.filter(state__in=FILLING).order_by().values_list("case", "slot")
        )
        assert set(seats.values()) <= {1}
        assert all(slot < self.reading_list.readings_needed for _case, slot in seats)

    @invariant()
    def nobody_loses_a_place_before_its_time(self):
        held = dict(Turn.objects.filter(state="held").values_list("pk", "held_until"))
        for turn, until in self.promised.items():
            assert until <= self.now or held.get(turn, START) >= until

    @invariant()
    def nobody_is_at_a_case_twice(self):
        people = Counter(Turn.objects.order_by().values_list("case", "reader"))
        assert set(people.values()) <= {1}

    @invariant()
    def no_answer_is_lost_and_none_is_invented(self):
        stated = RadiologicalReading.objects.current().exclude(finding="")
        rows = {(row.case_id, row.reader_id): row.finding for row in stated}
        assert rows == self.findings
        answered = Turn.objects.filter(state=TurnState.ANSWERED)
        assert set(answered.values_list("case", "reader")) == set(rows)

    @invariant()
    def a_case_is_read_when_enough_have_read_it(self):
        count = Counter(case for case, _reader in self.findings)
        for case in self.reading_list.cases.all():
            assert case.readings_count == count[case.pk]
            enough = count[case.pk] >= self.reading_list.readings_needed
            assert case.state in ("flagged", CaseState.DONE if enough else CaseState.OPEN)

    @invariant()
    def no_draft_is_lost(self):
        kept = {(turn.case_id, turn.reader_id): turn.draft for turn in Turn.objects.all()}
        assert {seat: draft for seat, draft in kept.items() if draft} == self.drafts


@pytest.mark.slow
@pytest.mark.parametrize("readings_needed", [1, 2])
def test_turns_keep_their_contract(site, doctor, readings_needed):
    Machine.reading_list = makers.make_worklist(site, doctor, CASES, readings_needed)
    Machine.people = [doctor, *(makers.doctor_of(site) for _ in range(READERS - 1))]
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=40, stateful_step_count=25, deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
