"""Run by test_promotion_race.py in a process of its own: in each round twenty administrators ask at
once for a model of their own to serve, all having seen the same one in service, and each works on
what waits.

Prints {"won": rounds with exactly one winner, "told": people who heard that they were not first,
"lost": people who heard nothing and did not win, "rows": models that were put in service, "looks":
how often a reader looked meanwhile (as 1 or 0), "wrong": looks that found not exactly one live
model, "open": attempts left open}.
"""

import json
import threading
from concurrent.futures import ThreadPoolExecutor

import django

django.setup()

from django.db import connection  # noqa: E402

from core.jobs import OPEN_STATUSES, JobStatus  # noqa: E402
from images.models import Target  # noqa: E402
from inference.models import DeployedModel  # noqa: E402
from retraining import services  # noqa: E402
from retraining.models import ModelVersion, Promotion  # noqa: E402
from tests import factories  # noqa: E402
from tests.retraining.versions import comparison_with, make_version, serve  # noqa: E402

PEOPLE = 20
ROUNDS = 2


def main() -> None:
    target = Target.objects.get(code="covid-19")
    serve(make_version(target, 1))
    people = [factories.UserFactory(role="administrator", site=None) for _ in range(PEOPLE)]
    versions = [make_version(target, 2 + number) for number in range(PEOPLE + ROUNDS)]
    done, looks = threading.Event(), []
    reader = threading.Thread(target=look, args=(target, done, looks))
    reader.start()
    outcomes = [one_round(target, people, versions) for _ in range(ROUNDS)]
    done.set()
    reader.join()
    print(json.dumps(result(target, outcomes, looks)))


def look(target: Target, done: threading.Event, looks: list[int]) -> None:
    try:
        while not done.wait(0.002):
            looks.append(DeployedModel.objects.live_models().filter(target=target).count())
    finally:
        connection.close()


def one_round(target: Target, people, versions) -> list[str]:
    live = DeployedModel.objects.live(target)
    fresh = [each for each in versions if not Promotion.objects.filter(version=each).exists()]
    for version in fresh:
        version.evaluation["comparison"] = comparison_with(live)
        version.save()
    together = threading.Barrier(PEOPLE)

    def ask(number: int) -> str:
        version = ModelVersion.objects.select_related("target").get(pk=fresh[number].pk)
        together.wait(timeout=120)
        try:
            promotion = services.request_promotion(
                version=version, by=people[number], reason="a race", expected=live
            )
            while promotion.is_open:
                services.work_on_promotion()
                promotion.refresh_from_db()
            return promotion.status
        except services.PromotionRefused as refused:
            return f"told {type(refused).__name__}"
        finally:
            connection.close()

    with ThreadPoolExecutor(PEOPLE) as pool:
        return list(pool.map(ask, range(PEOPLE)))


def result(target: Target, outcomes: list[list[str]], looks: list[int]) -> dict[str, int]:
    everything = [outcome for each in outcomes for outcome in each]
    winners = [each.count(JobStatus.DONE) for each in outcomes]
    told = sum(outcome.startswith("told") for outcome in everything)
    return {
        "won": sum(number == 1 for number in winners),
        "told": told,
        "lost": len(everything) - told - sum(winners),
        "rows": DeployedModel.objects.filter(target=target).count(),
        "looks": int(bool(looks)),
        "wrong": sum(number != 1 for number in looks),
        "open": Promotion.objects.filter(status__in=OPEN_STATUSES).count(),
    }


if __name__ == "__main__":
    main()
