"""A platform on which every page has something to show: rows in every state, Spanish names."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from accounts.services.tokens import issue_token
from core.jobs import JobStatus
from images.models import BulkAction, Export, Radiograph, SavedFilter, Target, UploadBatch
from images.services import trash
from images.services.consent import withdraw_consent
from inference.models import (
    DeployedModel,
    Duty,
    Explanation,
    GateOverride,
    Prediction,
    StageTimings,
)
from inference.reasons import NOT_FRONTAL
from tests.accounts.helpers import reauthenticate
from tests.architecture import scene_models, scene_truth
from tests.engines import LIMITS, METRICS
from tests.factories import PatientFactory, SiteFactory, UserFactory, make_radiograph
from tests.news.factories import MessageFactory, PostFactory

NAMES = {
    "health_worker": "Ana Ríos", "doctor": "Luz Paz", "researcher": "Eva Sol",
    "administrator": "Rut Mora", "pending": "Noa Gil",
}  # fmt: skip

TRUTHS = {
    "positive": "positive", "negative": "negative", "uncertain": "positive", "outdated": "unknown",
    "waiting": "", "running": "", "failed": "", "stopped": "", "vouched": "", "trashed": "",
}  # fmt: skip
PROBABILITIES = {
    "positive": 0.97, "negative": 0.02, "uncertain": 0.55, "outdated": 0.9, "vouched": 0.9,
}  # fmt: skip
UNANSWERED = {
    "waiting": {"status": JobStatus.QUEUED},
    "running": {"status": JobStatus.RUNNING},
    "failed": {"status": JobStatus.FAILED, "error_code": "storage"},
    "stopped": {"status": JobStatus.FAILED, "error_code": NOT_FRONTAL, "gate_score": 0.02},
}


@dataclass
class Scene:
    """`people` by role, `rows` by the name that the table of pages uses for them."""

    people: dict[str, User] = field(default_factory=dict)
    rows: dict[str, Any] = field(default_factory=dict)

    def browser(self, role: str, language: str) -> Client:
        return browser_of(self.people[role], language) if role in self.people else visitor(language)


def visitor(language: str) -> Client:
    client = Client()
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    return client


def browser_of(person: User, language: str) -> Client:
    """Signed in, and with the password just typed: pages that ask for it show themselves."""
    client = visitor(language)
    client.force_login(person, settings.AUTHENTICATION_BACKENDS[0])
    reauthenticate(client)
    return client


def build() -> Scene:
    scene = Scene()
    _people(scene)
    _radiographs(scene)
    _news(scene)
    _batches(scene)
    _kept(scene)
    scene_truth.add(scene)
    scene_models.add(scene)
    return scene


def _people(scene: Scene) -> None:
    site = SiteFactory(name="Clínica Uno", code="uno", shares_with_researchers=True)
    for role in Role:
        scene.people[role.value] = UserFactory(
            full_name=NAMES[role.value],
            role=role,
            site=None if role == Role.ADMINISTRATOR else site,
            approved_at=timezone.now(),
        )
    asked = {"role": "", "site": None, "requested_role": Role.DOCTOR}
    scene.people["pending"] = UserFactory(
        full_name=NAMES["pending"], requested_site_name="Clínica Dos", **asked
    )
    scene.rows["unconfirmed"] = UserFactory(full_name="Ivo Cruz", verified=False, **asked)
    scene.rows["refused"] = UserFactory(full_name="Ian Vega", is_active=False, **asked)
    scene.rows["closed"] = UserFactory(full_name="Leo Mas", site=site, is_active=False)
    scene.rows |= {"site": site, "waiting_person": scene.people["pending"]}
    scene.rows["person"] = scene.people["doctor"]
    issue_token(user=scene.people["doctor"], name="mi guion", scope="read", days=30)


def _radiographs(scene: Scene) -> None:
    uploader = scene.people["doctor"]
    for seed, (name, result) in enumerate(TRUTHS.items()):
        scene.rows[name] = make_radiograph(
            uploader=uploader, seed=seed, rt_pcr=result, view="PA", age_years=90
        )
    trash(radiograph=scene.rows["trashed"], by=uploader)
    # Models come last: one that is there when a radiograph comes in is asked at once.
    target = Target.objects.get(code="covid-19")
    facts = {"target": target, "threshold": 0.5, "metrics": METRICS, "limits": list(LIMITS)}
    older = DeployedModel.objects.create(version="1.0", **facts)
    model = DeployedModel.objects.create(version="2.0", **facts)
    DeployedModel.objects.create(version="3.0", duty=Duty.SHADOW, **facts)
    for name, probability in PROBABILITIES.items():
        _answer(scene.rows[name], older if name == "outdated" else model, probability)
    for name, job in UNANSWERED.items():
        Prediction.objects.create(radiograph=scene.rows[name], target=target, **job)
    _explained(scene)
    GateOverride.objects.create(
        radiograph=scene.rows["vouched"], overridden_by=uploader, reason="Es de un bebé"
    )
    an_hour_ago = timezone.now() - timedelta(hours=1)
    Prediction.objects.filter(radiograph=scene.rows["running"]).update(created_at=an_hour_ago)


def _answer(radiograph: Radiograph, model: DeployedModel, probability: float) -> None:
    code = "covid-19" if probability > model.threshold else "no-covid-19"
    prediction = Prediction.objects.create(
        radiograph=radiograph, target=model.target, model=model, status=JobStatus.DONE,
        finished_at=timezone.now(), probability=probability,
        predicted_class=model.target.classes.get(code=code),
    )  # fmt: skip
    StageTimings.objects.create(prediction=prediction, batch=4, features=400.0, head=0.3)


def _explained(scene: Scene) -> None:
    """A heat map in each state, of two predictions."""
    states = {
        "positive": {"grad-cam": {"status": JobStatus.DONE, "overlay": "explanations/a.png"}},
        "uncertain": {
            "grad-cam": {"status": JobStatus.FAILED, "error_code": "model-refused"},
            "fast-cam": {"status": JobStatus.RUNNING},
        },
        "negative": {"fast-cam": {"status": JobStatus.DONE}},
    }
    for name, methods in states.items():
        prediction = scene.rows[f"answer_{name}"] = scene.rows[name].predictions.get()
        for method, facts in methods.items():
            Explanation.objects.create(
                prediction=prediction, method=method, finished_at=timezone.now(), **facts
            )


def _batches(scene: Scene) -> None:
    owner = scene.people["doctor"]
    scene.rows["batch"] = UploadBatch.objects.create(
        site=owner.site, owner=owner, client_key=uuid4()
    )


def _kept(scene: Scene) -> None:
    """What a person keeps of the list and does to many, and a patient who wants no research."""
    owner = scene.people["doctor"]
    scene.rows["patient"] = scene.rows["positive"].patient
    patient = scene.rows["withdrawn"] = PatientFactory(site=owner.site, code="P-0002")
    withdraw_consent(patient=patient, by=owner)
    scene.rows["filter"] = SavedFilter.objects.create(owner=owner, site=owner.site, name="Mío")
    scene.rows["action"] = BulkAction.objects.create(
        asked_by=owner, verb="trash", status=JobStatus.DONE, total=2, done_count=1, refused_count=1
    )
    scene.rows["export"] = Export.objects.create(owner=owner, kind="zip", cases=1)


def _news(scene: Scene) -> None:
    author = scene.people["administrator"]
    texts = {"title_es": "Hola", "title_en": "Hello", "body_es": "Uno", "body_en": "One"}
    scene.rows["post"] = PostFactory(author=author, is_pinned=True, **texts)
    scene.rows["draft"] = PostFactory(author=author, published_at=None, **texts)
    later = timezone.now() + timedelta(days=1)
    scene.rows["scheduled"] = PostFactory(author=author, published_at=later, **texts)
    MessageFactory(name="Vera", subject="Duda", body="Uno")
    MessageFactory(
        name="Vera", subject="Duda", body="Uno", answered_at=timezone.now(), answered_by=author
    )
