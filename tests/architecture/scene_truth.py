"""What the scene has of ground truth: results in every state, tables, readings, studies, labels."""

import contextlib
from datetime import date
from typing import Any
from uuid import uuid4

from django.utils import timezone

from accounts.roles import Role
from core.jobs import JobStatus
from images.models import Target
from images.services import ChangedMeanwhile, record_truth, truth_given
from images.services.laboratory_writing import Asked, apply_results
from reading import services
from reading.choosing import Sample, Ticked
from reading.models import ReadingList
from reading.services.studies import close_study, create_study
from retraining.models import LabelCheck, LabelImpact, SuspectedLabel, SuspectState, Suspicion
from tests.factories import UserFactory, make_radiograph, state_truth
from tests.images.laboratory import received

TAKEN = date(2020, 6, 1)
WRITERS = ("Ada Luna", "Sol Rey")
HEADER = ("código de paciente", "fecha de la muestra", "resultado", "laboratorio")
ESTIMATE = {
    "verdict": "estimated", "auc_before": 0.8, "auc_after": 0.82, "difference": 0.02,
    "low": -0.01, "high": 0.05, "n": 40, "positives": 9, "added": 1, "changed": 2, "removed": 1,
    "without_features": 1, "refused": 2, "flips": 2,
    "flags": ["few-positives", "no-spread", "too-few-untouched"],
}  # fmt: skip


def add(scene: Any) -> None:
    _results(scene)
    _tables(scene)
    _worklist(scene)
    _studies(scene)
    _labels(scene)


def _results(scene: Any) -> None:
    """One that was corrected and came second to somebody's, one too far from its sample."""
    doctor = scene.people["doctor"]
    film = scene.rows["contested"] = make_radiograph(
        uploader=doctor, seed=50, patient_code="T-1", acquired_on=TAKEN, rt_pcr="negative"
    )
    state_truth(film, "positive", tested_on=TAKEN, laboratory="Lab", kit="Kit", reason="Uno")
    target = Target.objects.get(code="covid-19")
    second = truth_given(target=target, result="indeterminate", tested_on=date(2020, 5, 30))
    with contextlib.suppress(ChangedMeanwhile):
        record_truth(
            radiograph=film, target=target, target_class=None, tested_on=second.tested_on,
            entered_by=doctor, is_indeterminate=True, expected=None,
        )  # fmt: skip
    scene.rows["far"] = make_radiograph(
        uploader=doctor, seed=51, patient_code="T-2", acquired_on=TAKEN
    )
    state_truth(scene.rows["far"], "positive", tested_on=date(2020, 1, 1))
    # A random sample takes one radiograph of a patient: this one is surely a negative.
    make_radiograph(uploader=doctor, seed=54, patient_code="T-5", rt_pcr="negative")


def _tables(scene: Any) -> None:
    """Rows of every kind: refused, in conflict, new, completed, as they are; and a written one."""
    doctor, day = scene.people["doctor"], "01/06/2020"
    for seed, code in enumerate(("T-3", "T-4", "T-6"), start=55):
        make_radiograph(uploader=doctor, seed=seed, patient_code=code, acquired_on=TAKEN)
    written = received(doctor, ("T-4", day, "indeterminado", "Lab"), header=HEADER)
    apply_results(table=written, by=doctor, asked=Asked())
    scene.rows["written_table"] = written
    scene.rows["laboratory"] = received(
        doctor,
        ("T-1", day, "negativo", "Lab"), ("T-3", day, "positivo", ""),
        ("T-4", day, "indeterminado", "Lab"), ("T-5", day, "negativo", "Lab"),
        ("T-6", day, "negativo", ""), ("T-6", day, "positivo", ""),
        ("T-9", day, "positivo", ""), ("T-2", "?", "?", ""), ("T-3", "", "", ""),
        header=HEADER,
    )  # fmt: skip
    scene.rows["refused_table"] = received(doctor, ("T-9", day, "positivo", ""), header=HEADER)


def _worklist(scene: Any) -> None:
    doctor = scene.people["doctor"]
    worklist = scene.rows["worklist"] = services.worklist_of(doctor.site)
    services.fill_worklist(worklist)
    turn = services.next_turn(reader=doctor, reading_list=worklist)
    services.answer(turn=turn, finding="covid-19", note="Uno")
    services.flag(turn=services.next_turn(reader=doctor, reading_list=worklist), reason="Uno")
    cases = list(worklist.cases.open()[:1])
    services.assign(cases=cases, to=doctor, by=doctor)


def _studies(scene: Any) -> None:
    """The doctor reads in two of them, decides in the third, and has read none of the fourth."""
    doctor = scene.people["doctor"]
    others = [
        UserFactory(full_name=name, role=Role.DOCTOR, site=doctor.site, approved_at=timezone.now())
        for name in WRITERS
    ]
    scene.rows["open_study"] = _study(scene, "Uno", [doctor, others[0]], others[1])
    _read(scene.rows["open_study"], doctor, "normal", 1)
    closed = scene.rows["closed_study"] = _study(scene, "Dos", [doctor, others[0]])
    _read(closed, doctor, "normal", 2)
    _read(closed, others[0], "covid-19", 2)
    close_study(study=closed, by=scene.people["administrator"])
    disputed = scene.rows["disputed_study"] = _study(scene, "Tres", others, doctor)
    for reader, finding in zip(others, ("normal", "not-readable"), strict=True):
        _read(disputed, reader, finding, 2)
    scene.rows["new_study"] = _study(scene, "Cuatro", [doctor, others[0]], drawn=True)


def _study(scene: Any, name: str, readers: list, adjudicator: Any = None, drawn: bool = False):
    """Two ticked cases, or two drawn ones."""
    ticked = Ticked([scene.rows["positive"].pk, scene.rows["negative"].pk])
    return create_study(
        by=scene.people["administrator"], site=readers[0].site, name=name, purpose="",
        asked=Sample(size=2, positive_percent=50) if drawn else ticked, readers=readers,
        adjudicator=adjudicator, seed=1,
    )  # fmt: skip


def _read(study: ReadingList, reader: Any, finding: str, count: int) -> None:
    for _time in range(count):
        turn = services.next_turn(reader=reader, reading_list=study)
        services.answer(turn=turn, finding=finding)


def _labels(scene: Any) -> None:
    """A suspicion of each kind, one that was judged, a check, and previews in every state."""
    doctor, target = scene.people["doctor"], Target.objects.get(code="covid-19")
    scene.rows["target"] = target
    film, other = scene.rows["positive"], scene.rows["negative"]
    facts = {"radiograph": film, "truth": film.truths.get(is_current=True)}
    for suspicion in Suspicion:
        SuspectedLabel.objects.create(suspicion=suspicion, score=8.0, other=other, **facts)
    SuspectedLabel.objects.create(
        radiograph=other, truth=other.truths.get(is_current=True), suspicion=Suspicion.LOSS,
        state=SuspectState.KEPT, judged_by=doctor, judged_at=timezone.now(), note="Uno",
    )  # fmt: skip
    now = timezone.now()
    done = {"status": JobStatus.DONE, "finished_at": now, "seconds": 4.0}
    LabelCheck.objects.create(
        target=target, requested_by=doctor, checked=40, found=3, without_features=2, **done
    )
    flip = {"radiograph": str(film.pk), "before": "covid-19", "after": "no-covid-19"}
    results = {
        "better": ESTIMATE | {"low": 0.01, "flipped": [flip, flip | {"radiograph": str(uuid4())}]},
        "unclear": ESTIMATE,
        "same": {"verdict": "nothing-changes", "flags": ["no-features", "too-few-now"]},
        "unsaid": {"verdict": "", "flags": ["too-few-after"]},
    }
    asked = {"target": target, "requested_by": doctor, "site": doctor.site}
    for name, result in results.items():
        scene.rows[f"impact_{name}"] = LabelImpact.objects.create(result=result, **asked, **done)
    for name, status in {"queued": "queued", "running": "running", "stopped": "cancelled"}.items():
        scene.rows[f"impact_{name}"] = LabelImpact.objects.create(status=status, **asked)
    scene.rows["impact_failed"] = LabelImpact.objects.create(
        status=JobStatus.FAILED, error_code="storage", **asked
    )
