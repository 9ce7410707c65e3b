"""Patients of before get a split key of their own, not the one that adding the column gave all."""

from django.db import migrations, models


def own_key(apps, schema_editor):
    apps.get_model("images", "Patient").objects.update(split_key=models.F("id"))


class Migration(migrations.Migration):
    dependencies = [("images", "0003_intake")]
    operations = [migrations.RunPython(own_key, migrations.RunPython.noop)]
