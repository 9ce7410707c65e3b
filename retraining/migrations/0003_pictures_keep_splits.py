"""Pictures of the lists of before keep their splits, as those of new lists do."""

import hashlib
import hmac

from django.db import migrations

# One that a fault let into two splits counts as trained on: nobody is tested with it again.
SPLITS = ("train", "validation", "test")
ROWS_AT_ONCE = 1000


def key_of(pixel_sha256, salt):
    """As retraining.snapshots.division.picture_key makes it."""
    said = f"picture {pixel_sha256}".encode()
    return hmac.digest(salt.encode(), said, hashlib.sha256).hex()[:32]


def fix_pictures(apps, schema_editor):
    divisions, fixed, cases = (
        apps.get_model("retraining", name) for name in ("Division", "PatientSplit", "SnapshotCase")
    )
    for division in divisions.objects.all():
        frozen = cases.objects.filter(snapshot__division=division)
        for split in SPLITS:
            pixels = frozen.filter(split=split).values_list("pixel_sha256", flat=True).distinct()
            fixed.objects.bulk_create(
                [
                    fixed(division=division, key=key_of(each, division.salt), split=split)
                    for each in pixels
                ],
                batch_size=ROWS_AT_ONCE,
                ignore_conflicts=True,
            )


class Migration(migrations.Migration):
    dependencies = [("retraining", "0002_retraining")]
    operations = [migrations.RunPython(fix_pictures, migrations.RunPython.noop)]
