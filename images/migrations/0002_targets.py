"""The two targets that ship: COVID-19 by RT-PCR, and normal / COVID-19 / viral pneumonia."""

from django.db import migrations

TARGETS = [
    {
        "code": "covid-19",
        "name_es": "COVID-19",
        "name_en": "COVID-19",
        "confirming_test": "RT-PCR",
        "classes": [
            ("no-covid-19", "Sin COVID-19", "No COVID-19", "negative", False),
            ("covid-19", "COVID-19", "COVID-19", "positive", True),
        ],
    },
    {
        "code": "chest-three-classes",
        "name_es": "Normal / COVID-19 / neumonía viral",
        "name_en": "Normal / COVID-19 / viral pneumonia",
        "confirming_test": "RT-PCR",
        "classes": [
            ("normal", "Normal", "Normal", "", False),
            ("covid-19", "COVID-19", "COVID-19", "", True),
            ("viral-pneumonia", "Neumonía viral", "Viral pneumonia", "", False),
        ],
    },
]


def ship(apps, schema_editor):
    target_model = apps.get_model("images", "Target")
    class_model = apps.get_model("images", "TargetClass")
    for position, row in enumerate(TARGETS):
        classes = row["classes"]
        fields = {key: value for key, value in row.items() if key != "classes"}
        target = target_model.objects.create(position=position, **fields)
        for place, (code, name_es, name_en, result, is_positive) in enumerate(classes):
            class_model.objects.create(
                target=target, position=place, code=code, name_es=name_es, name_en=name_en,
                test_result=result, is_positive=is_positive,
            )  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [("images", "0001_initial")]
    operations = [migrations.RunPython(ship, migrations.RunPython.noop)]
