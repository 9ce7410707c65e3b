"""What tests of the pages share: addresses, and the model's answer to a case."""

from django.urls import reverse
from django.utils import timezone

from core.jobs import JobStatus
from inference.models import DeployedModel, Prediction


def of(name: str, row) -> str:
    """The address `name` of a list, a case or a reading."""
    return reverse(f"reading:{name}", args=[row.pk])


def answer_of_model(radiograph, target, probability: float = 0.9) -> Prediction:
    """A prediction that is done: positive from 0.5 on."""
    model = DeployedModel.objects.filter(target=target).first()
    model = model or DeployedModel.objects.create(target=target, version="1.0", threshold=0.5)
    code = "covid-19" if probability >= model.threshold else "no-covid-19"
    return Prediction.objects.create(
        radiograph=radiograph, target=target, status=JobStatus.DONE, model=model,
        predicted_class=target.classes.get(code=code), probability=probability,
        finished_at=timezone.now(),
    )  # fmt: skip
