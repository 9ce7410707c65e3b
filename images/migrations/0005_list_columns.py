"""What lists filter by, filled in for radiographs of before; and indexes for searching inside words.

The indexes need PostgreSQL's extension pg_trgm, which ships with it. Where a person may not create
it the search still answers, more slowly; SQLite reads its smaller tables as they are.
"""

from django.db import Error, migrations, models, transaction

SEARCHED = {
    "patient_code_words": "images_patient USING gin (upper(code) gin_trgm_ops)",
    "radiograph_source_words": "images_radiograph USING gin (upper(source) gin_trgm_ops)",
    "radiograph_own_id_words": (
        "images_radiograph USING gin (upper(extra ->> 'own_id') gin_trgm_ops)"
    ),
}

# Django asks for a key of JSON by `->`; an index of its models cannot be written like that.
MODALITY = (
    "CREATE INDEX radiograph_by_modality ON images_radiograph"
    " (site_id, status, (dicom_facts -> 'modality'), created_at, id)"
)


def fill_in(apps, schema_editor):
    current = (
        apps.get_model("images", "GroundTruth")
        .objects.filter(radiograph=models.OuterRef("pk"), is_current=True)
        .exclude(target_class=None)
    )
    result = current.filter(target__code="covid-19").values("target_class__test_result")[:1]
    apps.get_model("images", "Radiograph").objects.filter(models.Exists(current)).update(
        is_confirmed=True,
        rt_pcr=models.functions.Coalesce(models.Subquery(result), models.Value("")),
    )


def index_words(apps, schema_editor):
    if schema_editor.connection.vendor != "postgresql":
        return
    schema_editor.execute(MODALITY)
    try:
        with transaction.atomic(using=schema_editor.connection.alias):
            schema_editor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    except Error:
        return
    for name, place in SEARCHED.items():
        schema_editor.execute(f"CREATE INDEX {name} ON {place}")


def forget_words(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for name in ("radiograph_by_modality", *SEARCHED):
            schema_editor.execute(f"DROP INDEX IF EXISTS {name}")


class Migration(migrations.Migration):
    dependencies = [("images", "0004_split_keys")]
    operations = [
        migrations.RunPython(fill_in, migrations.RunPython.noop),
        migrations.RunPython(index_words, forget_words),
    ]
