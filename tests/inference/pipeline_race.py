"""Run by test_pipeline_race.py in a process of its own: the pipeline answers while one person goes
on uploading and another one cancels, each with a connection of their own.

Prints {"done": predictions that are done, "cancelled": those that were cancelled, "again": done
ones that took more than one attempt, "twice": radiographs that the network saw twice, "behind":
1 where a second thread concluded, "standings": those that do not say what the prediction says,
"connections": those that the second thread left open}.
"""

import json
import tempfile
import threading
from pathlib import Path

import django

django.setup()

from django.db import connection, connections  # noqa: E402

from core.jobs import JobStatus  # noqa: E402
from images.models import Target  # noqa: E402
from inference import gate, services, worker  # noqa: E402
from inference.ml.artifact import save  # noqa: E402
from inference.ml.heads import build_head  # noqa: E402
from inference.models import Prediction, Standing  # noqa: E402
from inference.services import pipeline, work  # noqa: E402
from tests.engines import OpenGate, SmallEngine, manifest_of  # noqa: E402
from tests.factories import UserFactory, make_radiograph  # noqa: E402

RADIOGRAPHS = 40
engine = SmallEngine()


def main() -> None:
    gate.shipped_gate, worker.engine = OpenGate, lambda: engine
    put_in_service()
    person = UserFactory()
    first = [make_radiograph(uploader=person, seed=seed) for seed in range(8)]
    concluded_by, opened = note_conclusions()
    cancelling = threading.Thread(target=cancel, args=(first[7],))
    uploading = threading.Thread(target=upload, args=(person,))
    cancelling.start(), uploading.start()
    while uploading.is_alive() or Prediction.objects.waiting().exists():
        services.answer_waiting(seconds=60)
    cancelling.join(), uploading.join()
    print(json.dumps(result(concluded_by, opened)))


def put_in_service() -> None:
    with tempfile.TemporaryDirectory() as folder:
        artifact = Path(folder) / "artifact"
        save(artifact, manifest_of("1"), build_head("covid-xr-c", 25088, 2))
        target = Target.objects.get(code="covid-19")
        services.activate(target=target, artifact_dir=artifact, by=None, reason="test")


def note_conclusions():
    """The threads that concluded, and the connections that they had once all is over."""
    conclude, close_all = work.conclude, connections.close_all
    threads, left = set(), []

    def noted(running) -> None:
        threads.add(threading.current_thread().name)
        conclude(running)

    def closed() -> None:
        close_all()
        left.append(connection.connection is not None)

    work.conclude = noted
    pipeline.connections = type("Noted", (), {"close_all": staticmethod(closed)})
    return threads, left


def upload(person) -> None:
    try:
        for seed in range(8, RADIOGRAPHS):
            make_radiograph(uploader=person, seed=seed)
    finally:
        connection.close()


def cancel(radiograph) -> None:
    """What a person takes back while it waits, or while a worker is busy with it."""
    try:
        Prediction.objects.filter(radiograph=radiograph).cancel()
    finally:
        connection.close()


def result(concluded_by: set[str], left_open: list[bool]) -> dict[str, int]:
    done = Prediction.objects.filter(status=JobStatus.DONE).select_related("predicted_class")
    words = dict(Standing.objects.values_list("prediction", "standing"))
    said = {row.pk: "positive" if row.predicted_class.is_positive else "negative" for row in done}
    return {
        "done": len(said),
        "cancelled": Prediction.objects.filter(status=JobStatus.CANCELLED).count(),
        "again": done.filter(attempts__gt=1).count(),
        "twice": max(0, engine.calls - RADIOGRAPHS),
        "behind": int(any(name.startswith("conclude") for name in concluded_by)),
        "standings": sum(words.get(key) != word for key, word in said.items()),
        "connections": sum(left_open),
    }


if __name__ == "__main__":
    main()
