"""Where the answers of before stand, in parts of a few thousand radiographs."""

import math
import uuid

from django.db import migrations

PART = 2000
NEAR = math.log(2.0) + 1e-12


def logit(share):
    inside = min(max(share, 1e-9), 1 - 1e-9)
    return math.log(inside / (1 - inside))


def word_of(row):
    if row.status in ("queued", "running"):
        return "waiting"
    if row.status != "done" or row.predicted_class is None:
        return "failed"
    return "positive" if row.predicted_class.is_positive else "negative"


def standing_of(model, row):
    standing = model(
        radiograph_id=row.radiograph_id, target_id=row.target_id, prediction_id=row.pk,
        standing=word_of(row),
    )  # fmt: skip
    if row.status == "done" and row.probability is not None and row.model is not None:
        standing.doubt = abs(logit(row.probability) - logit(row.model.threshold))
        standing.is_uncertain = standing.doubt <= NEAR
    return standing


def fill(apps, schema_editor):
    radiographs = apps.get_model("images", "Radiograph").objects.order_by("pk")
    predictions = apps.get_model("inference", "Prediction").objects
    model = apps.get_model("inference", "Standing")
    rt_pcr = apps.get_model("images", "Target").objects.filter(code="covid-19").first()
    if rt_pcr is None:
        return
    after = uuid.UUID(int=0)
    while keys := list(radiographs.filter(pk__gt=after).values_list("pk", flat=True)[:PART]):
        after = keys[-1]
        found = {
            (key, rt_pcr.pk): model(radiograph_id=key, target_id=rt_pcr.pk, standing="none")
            for key in keys
        }
        rows = predictions.filter(radiograph__gte=keys[0], radiograph__lte=after)
        rows = rows.exclude(status="cancelled").select_related("model", "predicted_class")
        for row in rows.order_by("created_at", "pk"):
            found[row.radiograph_id, row.target_id] = standing_of(model, row)
        model.objects.bulk_create(found.values(), batch_size=500)


class Migration(migrations.Migration):
    dependencies = [("inference", "0003_standing"), ("images", "0002_targets")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
