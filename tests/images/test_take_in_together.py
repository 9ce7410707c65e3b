"""Films that wait are taken in together, and leave what one by one they leave."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from images import spool
from images.models import IncomingFile, Patient, Radiograph
from images.services import intake, intake_together, merge_patients
from images.signals import images_ready
from tests.factories import UserFactory, chest_png, make_radiograph
from tests.images.conftest import files_below
from tests.images.malformed import BAD_FILES, dicom
from tests.images.rounds import (
    Sent,
    bytes_of,
    films,
    fresh,
    in_rounds,
    one_by_one,
    opened,
    outcomes,
    send,
    sender,
    told,
)
from tests.images.zips import archive

pytestmark = pytest.mark.django_db

SEVERAL = range(1, 7)


@pytest.fixture
def batch(health_worker):
    return opened(health_worker)


@pytest.fixture
def announced():
    """How many radiographs each `images_ready` told of."""
    heard = []

    def listen(radiographs, pixels, **_details):
        assert pixels.keys() == {row.pk for row in radiographs}
        heard.append(len(radiographs))

    images_ready.connect(listen)
    yield heard
    images_ready.disconnect(listen)


# --- the same as one by one ---------------------------------------------------------------------
PLAIN = st.lists(
    st.builds(
        lambda seed, folder, age: Sent(
            chest_png(seed), folder, {"age_years": age, "view": "AP"} if age else {}
        ),
        st.integers(0, 5), st.sampled_from(["", "P-1", "P-2"]), st.sampled_from([0, 40, 95]),
    ),
    max_size=10,
)  # fmt: skip


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(sent=PLAIN)
def test_a_round_leaves_what_one_by_one_leaves(sent, db):
    assert _in_a_round(sent) == _one_by_one(sent)


def _one_by_one(sent):
    alone = opened(sender())
    send(alone, *sent)
    one_by_one()
    return told(alone)


def _in_a_round(sent):
    together = opened(sender())
    send(together, *sent)
    in_rounds()
    return told(together)


SPECIAL = {
    "truth": Sent(chest_png(50), "P-9", {"rt_pcr": "positive", "tested_on": "2020-04-02"}),
    "sex": Sent(chest_png(51), "P-8", {"sex": "F"}),
    "day to come": Sent(chest_png(52), "P-7", {"acquired_on": "2999-01-01"}),
    "bad code": Sent(chest_png(53), "Juan Perez"),
    "archive": Sent(archive(("all/1.png", chest_png(54)), ("all/2.png", chest_png(55)))),
    "day": Sent(chest_png(56), "P-6", {"acquired_on": "2020-04-01", "own_id": "X1"}),
}


@pytest.mark.parametrize("name", list(SPECIAL))
def test_a_special_file_among_films(name, announced):
    sent = [*films(1, 2), SPECIAL[name], *films(3)]

    assert _in_a_round(sent) == _one_by_one(sent)
    assert announced[0] >= 3


def test_the_patient_of_a_header_among_films(batch):
    rows = send(batch, *films(1, 2), Sent(dicom()))

    in_rounds()

    assert outcomes(rows) == ["created"] * 3
    assert fresh(rows)[2].radiograph.patient.code.startswith("D-")


@pytest.mark.parametrize("name", [name for name, bad in BAD_FILES.items() if bad[1]()])
def test_a_bad_file_has_its_reason_and_its_neighbours_are_stored(name, batch):
    bad, *good = send(batch, Sent(BAD_FILES[name][1]()), *films(1, 2))

    in_rounds()

    found = fresh([bad])[0]
    assert (found.status, found.attempts, bool(found.error_code)) == ("failed", 1, True)
    assert outcomes(good) == ["created", "created"]
    assert not bytes_of(bad)


def test_another_sex_than_the_one_on_record(batch, health_worker):
    make_radiograph(uploader=health_worker, seed=90, patient_code="P-1", sex="F")
    other, *good = send(batch, *films(1, folder="P-1", facts={"sex": "M"}), *films(2, 3))

    in_rounds()

    assert outcomes([other, *good]) == ["other-sex", "created", "created"]


def test_a_sex_that_was_unknown_is_filled_in(batch, health_worker):
    make_radiograph(uploader=health_worker, seed=90, patient_code="P-1")
    rows = send(batch, *films(1, folder="P-1", facts={"sex": "M"}), *films(2))

    in_rounds()

    assert outcomes(rows) == ["created", "created"]
    assert Patient.objects.get(code="P-1").sex == "M"


def test_a_code_that_a_merge_absorbed(batch, health_worker, doctor, announced):
    kept, gone = (
        make_radiograph(uploader=health_worker, seed=seed, patient_code=code).patient
        for seed, code in ((90, "P-1"), (91, "P-2"))
    )
    merge_patients(kept=kept, absorbed=gone, merged_by=doctor)
    rows = send(batch, *films(1, 2, folder="P-2"), *films(3, 4, 5))
    announced.clear()

    in_rounds()

    assert announced == [3, 1, 1]

    assert [row.radiograph.patient.code for row in fresh(rows)[:2]] == ["P-1", "P-1"]
    assert not Patient.objects.filter(code="P-2").exists()


def test_a_merge_that_ends_while_the_round_waits(batch, health_worker, doctor, monkeypatch):
    kept, gone = (
        make_radiograph(uploader=health_worker, seed=seed, patient_code=code).patient
        for seed, code in ((90, "P-1"), (91, "P-2"))
    )
    merge_patients(kept=kept, absorbed=gone, merged_by=doctor)
    monkeypatch.setattr(intake_together, "absorbed_codes", lambda keys: set())
    rows = send(batch, *films(1, 2, folder="P-2"))

    in_rounds()

    assert {row.radiograph.patient for row in fresh(rows)} == {kept}
    assert not Patient.objects.filter(code="P-2").exists()


def test_source_files_are_kept_where_the_institution_wants_them(batch, site):
    site.keep_source_days = 5
    site.save()
    rows = send(batch, *films(1, 2))

    in_rounds()

    assert all(row.radiograph.quarantined for row in fresh(rows))


def test_a_sender_who_moved_away_since(batch, other_site):
    rows = send(batch, *films(1, 2))
    batch.owner.site = other_site
    batch.owner.save()

    in_rounds()

    assert outcomes(rows) == ["not-allowed", "not-allowed"]
    assert not Radiograph.objects.exists()


def test_bytes_that_are_gone(batch):
    rows = send(batch, *films(1, 2, 3))
    spool.drop(spool.path_of(batch.pk, rows[1].pk))

    in_rounds()

    assert outcomes(rows) == ["created", "bytes-missing", "created"]


# --- together -----------------------------------------------------------------------------------
def test_all_are_announced_at_once(batch, announced):
    send(batch, *films(*SEVERAL))

    in_rounds()

    assert announced == [len(SEVERAL)]


def test_more_films_do_not_ask_more(batch, django_assert_max_num_queries):
    send(batch, *films(*range(20)))

    with django_assert_max_num_queries(60):
        assert intake.take_in_round(is_over=lambda: False)

    assert Radiograph.objects.count() == 20


def test_no_bytes_are_left(batch, settings):
    send(batch, *films(*SEVERAL))

    in_rounds()

    assert files_below(settings.INTAKE_DIR) == []
    assert len(files_below(settings.MEDIA_ROOT)) == 2 * len(SEVERAL)


def test_only_so_many_pixels_are_held_at_once(batch, announced, monkeypatch):
    monkeypatch.setattr(intake_together, "MOST_BYTES", 2 * 96 * 80)
    send(batch, *films(1, 2, 3, 4, 5))

    in_rounds()

    assert announced == [2, 2, 1]


def test_a_film_that_was_tried_before_is_taken_alone(batch, announced):
    rows = send(batch, *films(1, 2, 3))
    IncomingFile.objects.filter(pk=rows[0].pk).update(attempts=1)

    in_rounds()

    assert announced == [2, 1]
    assert [row.attempts for row in fresh(rows)] == [2, 1, 1]


def test_of_all_senders_in_turn(site):
    lines = [send(opened(UserFactory(site=site)), *films(*range(a, a + 12))) for a in (0, 20, 40)]

    intake.take_in_round(is_over=lambda: False)

    done = [outcomes(line).count("created") for line in lines]
    assert sum(done) == intake.ROUND
    assert max(done) - min(done) <= 1


def test_what_is_not_looked_at_in_time_waits_with_all_its_tries(batch):
    rows = send(batch, *films(*SEVERAL))
    looks = iter([False, False])

    intake.take_in_round(is_over=lambda: next(looks, True))

    found = fresh(rows)
    assert [row.status for row in found] == ["done"] * 2 + ["queued"] * 4
    assert [(row.attempts, row.owner, row.lease_until) for row in found[2:]] == [(0, "", None)] * 4
    assert all(bytes_of(row) for row in found[2:])


def test_with_no_time_left_a_failing_round_still_gets_on(batch, monkeypatch):
    def fail(**_asked):
        raise RuntimeError

    monkeypatch.setattr(intake_together, "store_together", fail)
    rows = send(batch, *films(1, 2))
    looks = iter([False, False])

    intake.take_in_round(is_over=lambda: next(looks, True))

    assert outcomes(rows) == ["created", "queued"]
