"""What is entered, changed and removed is recorded with both values, in its own transaction."""

import io
import json
import uuid
from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.models import AuditEntry
from images import services
from images.bulk import verbs
from images.models import Patient, Radiograph, TextState
from images.services import Changes, batches, bulk
from images.services.assigning import assign
from images.services.intake import add_local_file, take_in_next
from images.services.retention import empty_trash
from images.services.tables import apply_table, plan_table
from tests import factories
from tests.images.canaries import Canaries, canary_dicom
from tests.images.tables import csv_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def noted(film):
    """`noted()`: what was noted since the film was stored, oldest first."""
    known = set(AuditEntry.objects.values_list("pk", flat=True))

    def rows() -> list[AuditEntry]:
        return list(AuditEntry.objects.exclude(pk__in=known).order_by("created_at", "pk"))

    return rows


@pytest.fixture
def the_one(noted):
    """`the_one()`: the only row since then, as (deed, subject, before, after)."""

    def row():
        (entry,) = noted()
        return entry.deed, entry.subject, entry.before, entry.after

    return row


def changes(film: Radiograph, **others) -> Changes:
    names = ("view", "acquired_on", "age_years", "source", "notes")
    facts = {name: getattr(film, name) for name in names}
    return Changes(patient_code=film.patient.code, sex=film.patient.sex, **{**facts, **others})


def corrected(film, by, **others):
    services.edit(radiograph=film, changes=Changes(**{**vars(changes(film)), **others}), by=by)


def test_a_radiograph_that_comes_in(doctor):
    made = factories.make_radiograph(uploader=doctor, seed=3, age_years=61, view="PA", sex="F")
    entry = AuditEntry.objects.get(subject="radiograph")
    assert (entry.actor, entry.deed, entry.subject_id) == (doctor, "entered", made.pk)
    assert (entry.site, entry.patient_id) == (doctor.site, made.patient_id)
    assert entry.after == {
        "patient": str(made.patient_id), "sex": "F", "view": "PA", "acquired_on": "",
        "age_years": 61, "source": "", "format": "png",
    }  # fmt: skip


def test_the_same_picture_again_is_no_deed(film, doctor, noted):
    with pytest.raises(AssertionError, match="already stored"):
        factories.make_radiograph(uploader=doctor, seed=1)
    assert not noted()


def test_what_was_corrected(film, doctor, the_one):
    corrected(film, doctor, view="AP", age_years=40, acquired_on=date(2020, 5, 4), sex="F")
    assert the_one() == (
        "changed", "radiograph",
        {"sex": "", "view": "", "acquired_on": "", "age_years": None},
        {"sex": "F", "view": "AP", "acquired_on": "2020-05-04", "age_years": 40},
    )  # fmt: skip


def test_of_notes_only_that_they_are_others(film, doctor, the_one):
    corrected(film, doctor, notes="Ana Gomez, bed 3")
    assert the_one() == ("changed", "radiograph", {}, {"notes": "changed"})


def test_a_correction_that_changes_nothing_is_no_deed(film, doctor, noted):
    corrected(film, doctor)
    assert not noted()


def test_another_patient_by_keys_alone(film, doctor, noted):
    before = film.patient_id
    corrected(film, doctor, patient_code="P-0099")
    moved, left = noted()
    assert moved.before == {"patient": str(before)}
    assert moved.after == {"patient": str(film.patient_id)}
    assert (left.subject, left.patient_id, left.after["radiograph_left"]) == (
        "patient", before, str(film.pk),
    )  # fmt: skip


def test_a_moved_day_is_not_told(doctor, noted, film):
    """Beside the true one it would tell by how many days this patient's dates are moved."""
    stored = services.store_radiograph(
        stream=io.BytesIO(canary_dicom(Canaries())), uploader=doctor, header_decides=True,
        patient=services.patient_of(site=doctor.site, code="new-1"),
    ).radiograph  # fmt: skip
    assert stored.date_is_shifted
    shifted = stored.acquired_on
    corrected(stored, doctor, acquired_on=date(2020, 5, 4))
    entered, changed = noted()
    assert entered.after["acquired_on"] == "moved"
    assert changed.before == {"acquired_on": "moved"}
    assert changed.after == {"acquired_on": "2020-05-04"}
    assert shifted.isoformat() not in json.dumps([entered.after, changed.before])


def test_into_the_trash_and_back_and_gone(film, doctor, noted):
    services.trash(radiograph=film, by=doctor)
    services.restore(radiograph=film, by=doctor)
    services.trash(radiograph=film, by=doctor)
    key = film.pk
    services.delete_for_good(radiograph=film, by=doctor)
    kept, trashed = {"status": "kept"}, {"status": "trashed"}
    assert [(row.deed, row.before, row.after) for row in noted()] == [
        ("changed", kept, trashed), ("changed", trashed, kept), ("changed", kept, trashed),
        ("removed", trashed, {}),
    ]  # fmt: skip
    assert {(row.actor, row.subject_id) for row in noted()} == {(doctor, key)}


def test_a_second_time_is_no_deed(film, doctor, noted):
    for _time in range(2):
        services.trash(radiograph=film, by=doctor)
    assert len(noted()) == 1


@pytest.mark.parametrize("verb", ["trash_one", "restore", "delete"])
def test_pages_say_who_it_was(actor, film, doctor, site_administrator, verb, noted):
    if verb != "trash_one":
        services.trash(radiograph=film, by=doctor)
    address = {"trash_one": "trash"}.get(verb, verb)
    actor("site_administrator").post(f"/images/{film.pk}/{address}/")
    assert noted()[-1].actor == site_administrator


def test_what_the_platform_empties_by_itself(film, doctor, site, noted):
    services.trash(radiograph=film, by=doctor)
    site.trash_days = 0
    site.save()
    assert empty_trash(until=float("inf")) == 1
    entry = noted()[-1]
    assert (entry.deed, entry.actor, entry.way, entry.site) == ("removed", None, "task", site)


def test_what_is_rolled_back_was_never_recorded(film, doctor, noted):
    with transaction.atomic():
        services.trash(radiograph=film, by=doctor)
        transaction.set_rollback(True)
    assert not noted()


def test_consent(film, doctor, noted):
    services.withdraw_consent(patient=film.patient, by=doctor)
    services.withdraw_consent(patient=film.patient, by=doctor)
    services.give_consent_again(patient=film.patient, by=doctor)
    assert [(row.subject, row.before, row.after) for row in noted()] == [
        ("patient", {"consent": "given"}, {"consent": "withdrawn"}),
        ("patient", {"consent": "withdrawn"}, {"consent": "given"}),
    ]
    assert {row.actor for row in noted()} == {doctor}


def test_a_merge_stands_with_both_patients(film, own_film, doctor, noted):
    absorbed = own_film.patient_id
    services.merge_patients(kept=film.patient, absorbed=own_film.patient, merged_by=doctor)
    kept_row, gone_row = noted()
    assert (kept_row.patient_id, kept_row.after) == (
        film.patient_id, {"absorbed": str(absorbed), "radiographs": 1},
    )  # fmt: skip
    assert (gone_row.deed, gone_row.patient_id, gone_row.after) == (
        "removed", absorbed, {"merged_into": str(film.patient_id)},
    )  # fmt: skip


def test_writing_covered(film, doctor, the_one):
    Radiograph.objects.filter(pk=film.pk).update(text_state=TextState.SUSPECTED)
    film.refresh_from_db()
    services.cover(radiograph=film, boxes=[[1, 1, 9, 9]], by=doctor)
    assert the_one() == (
        "changed", "radiograph", {"writing": "suspected"}, {"writing": "redacted", "boxes": 1},
    )  # fmt: skip


def test_writing_that_names_nobody(film, doctor, the_one):
    Radiograph.objects.filter(pk=film.pk).update(text_state=TextState.SUSPECTED)
    services.names_nobody(radiograph=film, by=doctor)
    after = {"writing": "harmless"}
    assert the_one() == ("changed", "radiograph", {"writing": "suspected"}, after)


def test_an_assignment(film, doctor, health_worker, the_one):
    assign(radiograph=film, person=health_worker, by=doctor)
    assert the_one() == (
        "changed", "radiograph", {"person": ""}, {"person": str(health_worker.pk)},
    )  # fmt: skip


def test_an_assignment_to_the_same_person_is_no_deed(film, doctor, noted):
    assign(radiograph=film, person=None, by=doctor)
    assert not noted()


def test_a_batch(doctor, film, noted):
    batch, _is_new = batches.open_batch(owner=doctor, site=doctor.site, client_key=uuid.uuid4())
    batches.open_batch(owner=doctor, site=doctor.site, client_key=batch.client_key)
    batches.cancel_batch(batch=batch)
    batches.cancel_batch(batch=batch)
    batches.delete_batch(batch=batch)
    assert [(row.deed, row.before, row.after) for row in noted()] == [
        ("entered", {}, {"patient_rule": "each"}),
        ("changed", {"status": "open"}, {"status": "cancelled", "files": 0}),
        ("removed", {"status": "cancelled"}, {}),
    ]


def test_what_a_batch_brings_in(doctor, film, noted):
    batch, _is_new = batches.open_batch(owner=doctor, site=doctor.site, client_key=uuid.uuid4())
    add_local_file(batch=batch, name="a.png", stream=io.BytesIO(factories.chest_png(11)))
    while take_in_next():
        pass
    entry = noted()[-1]
    assert (entry.deed, entry.subject, entry.way, entry.actor) == (
        "entered", "radiograph", "batch", doctor,
    )  # fmt: skip


def test_what_a_command_brings_in(tmp_path, doctor, film, noted):
    (tmp_path / "a.png").write_bytes(factories.chest_png(12))
    table = tmp_path / "metadata.csv"
    table.write_text(
        "filename,label,rt_pcr,patient_id,view,source\na.png,covid,positive,p-1,PA,x\n"
    )
    call_command(
        "import_images", str(tmp_path), metadata=str(table), site=doctor.site.code,
        user=doctor.email, json=True, stdout=io.StringIO(),
    )  # fmt: skip
    assert {(row.way, row.actor) for row in noted()} == {("command", doctor)}
    assert noted()[0].subject == "radiograph"


def test_what_a_table_changes(film, doctor, noted):
    content = csv_of([["id", "vista"], [film.pk, "AP"]])
    apply_table(plan=plan_table(content=content, by=doctor, site=doctor.site), by=doctor)
    (entry,) = noted()
    assert (entry.way, entry.actor, entry.after) == ("table", doctor, {"view": "AP"})


class TestManyAtOnce:
    @pytest.fixture
    def films(self, film, doctor):
        more = [
            factories.make_radiograph(uploader=doctor, seed=n, patient_code=f"A-{n}")
            for n in range(20, 24)
        ]
        return [film, *more]

    def act(self, verb, by, parameters=None, **about):
        about = about or {"query": ""}
        key = uuid.uuid4()
        action = bulk.start(
            key=key, verb=verbs()[verb], parameters=parameters or {}, asked_by=by, **about
        )
        return self.ended(action)

    def ended(self, action):
        while bulk.work_on_bulk():
            pass
        action.refresh_from_db()
        return action

    def test_one_row_for_the_action_and_one_for_each_change(self, films, doctor, noted):
        action = self.act("trash", doctor)
        rows = [row for row in noted() if row.way == "bulk"]
        (one,) = [row for row in rows if row.subject == "bulk"]
        assert (one.actor, one.subject_id) == (doctor, action.pk)
        assert one.after == {"verb": "trash", "radiographs": 5}
        each = {row.subject_id: row.after for row in rows if row.subject == "radiograph"}
        assert each == {film.pk: {"status": "trashed"} for film in films}

    def test_of_the_filters_the_names_alone(self, films, doctor, noted):
        self.act("trash", doctor, query="patient=A-20&rt_pcr=unknown")
        (one,) = [row for row in noted() if row.subject == "bulk"]
        assert one.after == {"verb": "trash", "radiographs": 1, "filters": ["patient", "rt_pcr"]}

    def test_ticked_ones(self, films, doctor, noted):
        self.act("trash", doctor, keys=[films[0].pk])
        (one,) = [row for row in noted() if row.subject == "bulk"]
        assert one.after == {"verb": "trash", "radiographs": 1}

    def test_undoing_it_is_another_deed(self, films, doctor, noted):
        action = self.act("trash", doctor)
        self.ended(bulk.undo(action=action, by=doctor))
        back = [row for row in noted() if row.subject == "bulk"][-1]
        assert back.after == {"verb": "trash", "radiographs": 5, "undoes": str(action.pk)}
        assert [row.after for row in noted()][-5:] == [{"status": "kept"}] * 5

    def test_what_was_left_as_it_is_was_not_changed(self, films, doctor, stranger, noted):
        self.act("assign", doctor, {"person": str(stranger.pk)})
        assert [row.subject for row in noted() if row.way == "bulk"] == ["bulk"]

    def test_each_slice_is_one_insert(self, films, doctor):
        with CaptureQueriesContext(connection) as queries:
            self.act("trash", doctor)
        table = AuditEntry._meta.db_table
        inserts = [q for q in queries if f'INSERT INTO "{table}"' in q["sql"]]
        assert len(inserts) == 2  # the action, and all of its radiographs


def test_after_a_full_round_nothing_names_a_patient(actor, doctor, site, film, tmp_path):
    """Codes, own ids, file names, notes and searched words are in no row, page or export."""
    canaries = Canaries()
    code, other, own, name = (canaries.word(prefix) for prefix in ("P", "S", "O", "F"))
    note = canaries.word("N")
    client = actor("site_administrator")
    made = {"file": SimpleUploadedFile(f"{name}.png", factories.chest_png(31)),
            "patient_code": code, "site": site.pk}  # fmt: skip
    assert client.post("/images/upload/", made).status_code == 302
    first = Radiograph.objects.get(patient__code=code)
    batch, _is_new = batches.open_batch(
        owner=doctor, site=site, client_key=uuid.uuid4(), patient_rule="one", patient_code=other
    )
    add_local_file(batch=batch, name=f"{name}/b.png", stream=io.BytesIO(factories.chest_png(32)))
    while take_in_next():
        pass
    table = csv_of([["id", "id propio", "vista", "rt-pcr"], [first.pk, own, "AP", "positivo"]])
    apply_table(plan=plan_table(content=table, by=doctor, site=site), by=doctor)
    corrected(Radiograph.objects.get(pk=first.pk), doctor, notes=note)
    for word in (code, own):
        client.get("/images/", {"q": word})
        client.get("/api/v1/cases.csv", {"q": word, "patient": code}).getvalue()
    TestManyAtOnce().act("assign", doctor, {"person": str(doctor.pk)}, query=f"patient={code}")
    for address in (f"/images/{first.pk}/", f"/images/patients/{first.patient_id}/"):
        assert client.get(address).status_code == 200
    kept, absorbed = (Patient.objects.get(code=each) for each in (code, other))
    services.merge_patients(kept=kept, absorbed=absorbed, merged_by=doctor)
    services.withdraw_consent(patient=kept, by=doctor)
    services.trash(radiograph=first, by=doctor)
    services.delete_for_good(radiograph=first, by=doctor)
    batches.delete_batch(batch=batch)

    rows = list(AuditEntry.objects.values())
    assert {row["deed"] for row in rows} == {"saw", "entered", "changed", "exported", "removed"}
    shown = [str(rows).encode()]
    for address in ("/people/audit/", "/people/audit/export.csv", "/people/audit/export.jsonl",
                    "/api/v1/audit/?page_size=500"):  # fmt: skip
        shown.append(client.get(address).getvalue())
    assert canaries.hits(f"found: {code}".encode()) == {code}
    assert [canaries.hits(content) for content in shown] == [set()] * len(shown)
