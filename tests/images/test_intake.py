"""From a file that arrived to its verdict (images.services.intake)."""

import io
from datetime import date

import pytest

from core.jobs import MAX_ATTEMPTS, WORKER_DIED
from images import spool
from images.errors import StorageFull
from images.models import GroundTruth, IncomingFile, Patient, Radiograph
from images.services import intake
from images.services.batches import open_batch
from images.tasks.intake import reap, take_in_waiting
from tests.factories import UserFactory, chest_png, make_radiograph
from tests.images.malformed import BAD_FILES, dicom

FILM = chest_png(1)


@pytest.fixture
def batch(health_worker):
    return opened(health_worker)


def opened(owner, **rule):
    import uuid

    return open_batch(owner=owner, site=owner.site, client_key=uuid.uuid4(), **rule)[0]


def add(batch, name: str = "a.png", content: bytes = FILM) -> IncomingFile:
    return intake.add_local_file(batch=batch, name=name, stream=io.BytesIO(content))


def work() -> None:
    while intake.take_in_next():
        pass


def taken(file: IncomingFile) -> IncomingFile:
    work()
    file.refresh_from_db()
    return file


def bytes_of(file: IncomingFile):
    return spool.path_of(file.batch_id, file.pk)


def test_film_is_stored(batch):
    file = taken(add(batch))

    radiograph = Radiograph.objects.get()
    assert (file.status, file.outcome, file.radiograph) == ("done", "created", radiograph)
    assert radiograph.uploader == batch.owner
    assert radiograph.source_sha256 == file.sha256
    assert not bytes_of(file).exists()


def test_patient_is_provisional(batch):
    file = taken(add(batch))

    assert file.radiograph.patient.code == f"new-{file.sha256[:16]}"


def test_patient_of_the_batch(health_worker):
    file = taken(add(opened(health_worker, patient_rule="one", patient_code="P-7")))

    assert file.radiograph.patient.code == "P-7"


def test_patient_of_the_folder(health_worker):
    file = taken(add(opened(health_worker, patient_rule="folder"), "all/P-7/a.png"))

    assert file.radiograph.patient.code == "P-7"


def test_patient_of_the_header(batch):
    file = taken(add(batch, "a.dcm", dicom()))

    assert file.radiograph.patient.code.startswith("D-")


def test_rule_of_the_batch_goes_before_the_header(health_worker):
    batch = opened(health_worker, patient_rule="one", patient_code="P-7")

    assert taken(add(batch, "a.dcm", dicom())).radiograph.patient.code == "P-7"


def test_what_a_table_said(batch):
    file = add(batch)
    file.patient_code = "P-9"
    file.facts = {
        "sex": "F", "age_years": 47, "acquired_on": "2020-04-01", "view": "AP",
        "rt_pcr": "positive", "tested_on": "2020-04-02", "source": "ward 3", "own_id": "X1",
    }  # fmt: skip
    file.save()

    radiograph = taken(file).radiograph

    assert (radiograph.patient.code, radiograph.patient.sex) == ("P-9", "F")
    assert (radiograph.age_years, radiograph.view) == (47, "AP")
    assert (radiograph.acquired_on, radiograph.source) == (date(2020, 4, 1), "ward 3")
    assert radiograph.extra == {"own_id": "X1"}
    truth = GroundTruth.objects.get()
    assert (truth.result, truth.tested_on) == ("positive", date(2020, 4, 2))


def test_sender_who_lost_the_right(batch):
    file = add(batch)
    file.facts = {"rt_pcr": "positive"}
    file.save()
    batch.owner.role = "researcher"
    batch.owner.save()

    assert taken(file).error_code == "not-allowed"
    assert not Radiograph.objects.exists()


def test_same_pixels_again(batch, health_worker):
    known = make_radiograph(uploader=health_worker, seed=1)
    Radiograph.objects.update(source_sha256="")

    file = taken(add(batch))

    assert (file.outcome, file.radiograph) == ("duplicate", known)


@pytest.mark.parametrize("name", list(BAD_FILES))
def test_bad_file_has_its_reason_and_leaves_nothing(name, batch, settings):
    content = BAD_FILES[name][1]()
    if not content:
        pytest.skip("nothing to send: refused when it is announced")

    file = taken(add(batch, "bad", content))

    assert (file.status, file.attempts) == ("failed", 1)
    assert file.error_code
    assert not bytes_of(file).exists()
    assert not Radiograph.objects.exists()
    assert not Patient.objects.exists()


def test_quota_that_is_used_up_meanwhile_keeps_the_bytes(batch, site):
    file = add(batch)
    site.quota_megabytes = 0
    site.save()

    assert taken(file).error_code == "quota-site"
    assert bytes_of(file).exists()


def test_bytes_that_are_gone(batch):
    file = add(batch)
    bytes_of(file).unlink()

    assert taken(file).error_code == "bytes-missing"


@pytest.mark.parametrize(
    ("problem", "code"),
    [
        (StorageFull(), "storage-full"),
        (OSError(5, "Input/output error"), "storage"),
        (MemoryError(), "out-of-memory"),
        (RuntimeError(), "unexpected"),
    ],
)
def test_passing_trouble_is_tried_again(problem, code, batch, monkeypatch):
    def fail(**_facts):
        raise problem

    file = add(batch)
    monkeypatch.setattr(intake, "store_radiograph", fail)
    for _ in range(MAX_ATTEMPTS):
        IncomingFile.objects.update(lease_until=None)
        work()
    file.refresh_from_db()

    assert (file.status, file.error_code, file.attempts) == ("failed", code, MAX_ATTEMPTS)
    assert bytes_of(file).exists()


def test_trouble_that_passes(batch, monkeypatch):
    store, calls = intake.store_radiograph, []

    def fail_once(**facts):
        calls.append(1)
        if len(calls) == 1:
            raise MemoryError
        return store(**facts)

    monkeypatch.setattr(intake, "store_radiograph", fail_once)
    file = add(batch)
    work()
    IncomingFile.objects.update(lease_until=None)

    assert taken(file).outcome == "created"


def test_file_that_kills_its_workers_is_given_up(batch):
    file = add(batch)
    for _ in range(MAX_ATTEMPTS):
        IncomingFile.objects.claim(file.pk)
        IncomingFile.objects.update(lease_until="2020-01-01T00:00Z")
    reap()

    assert taken(file).error_code == WORKER_DIED
    assert bytes_of(file).exists()


def test_what_a_lost_worker_finds_out_is_not_stored(batch, monkeypatch):
    store = intake.store_radiograph

    def lease_is_lost(**facts):
        IncomingFile.objects.update(owner="another")
        return store(**facts)

    file = add(batch)
    monkeypatch.setattr(intake, "store_radiograph", lease_is_lost)
    intake.take_in_next()

    assert not Radiograph.objects.exists()
    assert bytes_of(file).exists()


def test_small_batch_does_not_wait_behind_a_large_one(batch, site):
    other = opened(UserFactory(site=site))
    large = [add(batch, f"{n}.png", chest_png(n)) for n in range(10)]
    small = [add(other, f"{n}.png", chest_png(100 + n)) for n in range(2)]
    turns = iter(range(4))

    intake.take_in_round(is_over=lambda: next(turns, None) is None)

    done = set(IncomingFile.objects.filter(status="done").values_list("pk", flat=True))
    assert {file.pk for file in small} <= done
    assert len(done & {file.pk for file in large}) == 2


def test_slice_ends_and_rings_for_the_rest(batch, monkeypatch):
    rung = []
    monkeypatch.setattr("images.tasks.intake.ring", rung.append)
    monkeypatch.setattr("images.tasks.intake.SLICE_SECONDS", 0)
    add(batch)

    take_in_waiting()

    assert rung == [take_in_waiting]


def test_all_is_taken_in_within_a_slice(batch, monkeypatch):
    monkeypatch.setattr("images.tasks.intake.SLICE_SECONDS", 600)
    files = [add(batch, f"{n}.png", chest_png(n)) for n in range(5)]

    take_in_waiting()

    assert {taken(file).outcome for file in files} == {"created"}


def test_reaper_rings_for_what_waits(batch, monkeypatch):
    rung = []
    monkeypatch.setattr("images.services.receiving.ring", rung.append)
    add(batch)

    reap()

    assert rung == [take_in_waiting]


def test_local_file_again_is_the_same_row(batch):
    assert add(batch).pk == add(batch).pk


def test_local_file_that_the_institution_has(batch, health_worker):
    taken(add(batch))

    file = add(opened(health_worker), "renamed.png")

    assert (file.status, file.outcome) == ("done", "duplicate")
    assert not bytes_of(file).exists()


def test_no_name_in_the_logs(batch, caplog, monkeypatch):
    def fail(**_facts):
        raise ValueError("Juan Perez")

    monkeypatch.setattr(intake, "store_radiograph", fail)
    add(batch, "Juan Perez.png")
    work()

    assert "Juan" not in caplog.text
    assert "problem=ValueError" in caplog.text
