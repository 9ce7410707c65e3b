"""A hospital's worth of rows for `list_rows`, made inside the database.

Every column of a model is filled: with what is written here, else with the default of its field. So
that a new column breaks nothing. Shares are those of a hospital: what is searched for is rare.
"""

from __future__ import annotations

from typing import Any

from django.db import connection, models

# In both dialects `n` counts from 0; {k}, {day}, ... are replaced by what the dialect calls it.
RADIOGRAPH = {
    "id": "{uuid_n}",
    "created_at": "{moment}",
    "updated_at": "{moment}",
    "patient": "{uuid_patient}",
    "site": "CASE WHEN n % 10 = 9 THEN {other} ELSE {own} END",
    "uploader": "CASE WHEN n % 50 = 1 THEN {doctor} ELSE {worker} END",
    "file": "'aa/x.png'",
    "thumbnail": "'aa/y.jpg'",
    "file_sha256": "{digest}",
    "pixel_sha256": "{digest}",
    "source_sha256": "{digest}",
    "width": "2048",
    "height": "2048",
    "display_low": "0",
    "display_high": "255",
    "source_format": "CASE WHEN n % 7 = 0 THEN 'png' WHEN n % 1001 = 1 THEN 'jpeg'"
    " ELSE 'dicom' END",
    "stored_bytes": "4000000",
    "view": "CASE WHEN n % 211 = 1 THEN 'L' WHEN n % 3 = 0 THEN 'AP' ELSE 'PA' END",
    "acquired_on": "CASE WHEN n % 11 = 0 THEN NULL ELSE {day} END",
    "age_years": "CASE WHEN n % 13 = 0 THEN NULL ELSE (n * 7919) % 91 END",
    "source": "CASE WHEN n % 9001 = 1 THEN 'rare-source' ELSE 'room ' || n % 5 END",
    "is_synthetic": "{is} (n % 20011 = 1)",
    "dicom_facts": "{json} CASE WHEN n % 7 = 0 THEN '{{}}' WHEN n % 2 = 0"
    ' THEN \'{{"modality": "CR"}}\' ELSE \'{{"modality": "DX"}}\' END {end}',
    "text_state": "CASE WHEN n % 2003 = 1 THEN 'suspected' ELSE 'clear' END",
    "copy_group": "CASE WHEN n % 499 = 1 THEN {uuid_patient} ELSE NULL END",
    "assigned_to": "CASE WHEN n % 5003 = 1 THEN {doctor} ELSE NULL END",
    "extra": "{json} CASE WHEN n % 2 = 0 THEN '{{\"own_id\": \"ACC-' || n || '\"}}'"
    " ELSE '{{}}' END {end}",
    "rt_pcr": "CASE WHEN n % 5 = 0 THEN 'positive' WHEN n % 5 < 3 THEN 'negative' ELSE '' END",
    "is_confirmed": "{is} (n % 5 < 3)",
}
PATIENT = {
    "id": "{uuid_n}",
    "created_at": "{moment}",
    "updated_at": "{moment}",
    "site": "CASE WHEN n % 10 = 9 THEN {other} ELSE {own} END",
    "code": "'P-' || {padded}",
    "sex": "CASE WHEN n % 1009 = 1 THEN 'O' WHEN n % 2 = 0 THEN 'F' ELSE 'M' END",
    "split_key": "{uuid_n}",
    "consent_withdrawn_at": "CASE WHEN n % 20011 = 1 THEN {moment} ELSE NULL END",
}
TRUTH = {
    "id": "id",
    "created_at": "created_at",
    "updated_at": "created_at",
    "radiograph": "id",
    "target": "{target}",
    "target_class": "CASE WHEN rt_pcr = 'positive' THEN {positive} ELSE {negative} END",
    "entered_by": "{doctor}",
}
PREDICTION = {
    "id": "id",
    "created_at": "created_at",
    "updated_at": "created_at",
    "radiograph": "id",
    "target": "{target}",
    "status": "CASE WHEN width = 2048 AND age_years = 44 THEN 'failed' ELSE 'done' END",
    "model": "{model}",
    "predicted_class": "CASE WHEN age_years > 88 THEN {positive} ELSE {negative} END",
    "probability": "0.5",
}
# Few were never asked for: what is rarest is what a list finds last.
ASKED = "stored_bytes > 0 AND (age_years IS NULL OR age_years <> 45 OR source <> 'room 3')"
STANDING = {
    "id": "id",
    "created_at": "created_at",
    "updated_at": "created_at",
    "radiograph": "id",
    "target": "{target}",
    "standing": "CASE WHEN NOT ({asked}) THEN 'none' WHEN age_years = 44 THEN 'failed'"
    " WHEN age_years > 88 THEN 'positive' ELSE 'negative' END",
    "prediction": "CASE WHEN {asked} THEN id ELSE NULL END",
    "doubt": "CASE WHEN {asked} AND age_years <> 44 THEN 1.0 ELSE NULL END",
}
POSTGRES = {
    "uuid_n": "md5(n::text)::uuid",
    "moment": "timestamptz '2026-01-01' - n * interval '97 seconds'",
    "day": "(timestamp '2025-12-31' - n * interval '97 seconds')::date",
    "digest": "md5(n::text) || md5((n + 1)::text)",
    "padded": "lpad(n::text, 7, '0')",
    "is": "",
    "json": "(",
    "end": ")::jsonb",
}
SQLITE = {
    "uuid_n": "{key}",
    "moment": "strftime('%Y-%m-%d %H:%M:%f', '2026-01-01', '-' || (n * 97) || ' seconds') || '000'",
    "day": "date('2025-12-31', '-' || (n * 97) || ' seconds')",
    "digest": "printf('%064x', n)",
    "padded": "printf('%07d', n)",
    "is": "",
    "json": "(",
    "end": ")",
}
# Keys as scattered as real ones, and the same for the same number.
KEY_OF = (
    "printf('%08x%08x%08x%08x', ({0} * 2654435761) % 4294967296, {0}, ({0} * 40503) % 65521, 1)"
)
IMAGES_OF_A_PATIENT = "n * 2 / 5"


def fill(n: int) -> tuple[Any, dict[str, str]]:
    """The doctor who asks, and what queries name: a radiograph in the middle, an id, a number."""
    from images.models import GroundTruth, Patient, Radiograph
    from inference.models import Prediction, Standing

    words = _dialect() | _people_and_models()
    _insert(Patient, PATIENT, words, n * 2 // 5 + 1)
    _insert(Radiograph, RADIOGRAPH, words, n)
    _insert(GroundTruth, TRUTH, words, "images_radiograph WHERE rt_pcr <> ''")
    _insert(Prediction, PREDICTION, words, f"images_radiograph WHERE {ASKED}")
    _insert(Standing, STANDING, words | {"asked": ASKED}, "images_radiograph")
    _analyse()
    own = Radiograph.objects.filter(site__code="own").order_by("-created_at")
    middle = own[own.count() // 2]
    names = {"middle": str(middle.pk), "head": str(middle.pk)[:10], "n": str(n // 10_000)}
    return middle.site.people.get(email="doctor@bench.example.org"), names


def _dialect() -> dict[str, str]:
    if connection.vendor == "postgresql":
        patient = POSTGRES["uuid_n"].replace("n::text", f"({IMAGES_OF_A_PATIENT})::text")
        return POSTGRES | {"uuid_patient": patient}
    key = {"uuid_n": KEY_OF.format("n"), "uuid_patient": KEY_OF.format(f"({IMAGES_OF_A_PATIENT})")}
    return SQLITE | key


def _people_and_models() -> dict[str, str]:
    from django.utils import timezone

    from accounts.models import Site, User
    from accounts.roles import Role
    from images.models import Target
    from inference.models import DeployedModel

    own, other = (Site.objects.create(name=f"Hospital {c}", code=c) for c in ("own", "other"))
    doctor, worker = (
        User.objects.create_user(
            f"{name}@bench.example.org", full_name=name, role=role, site=own,
            approved_at=timezone.now(),
        )
        for name, role in (("doctor", Role.DOCTOR), ("worker", Role.HEALTH_WORKER))
    )  # fmt: skip
    target = Target.objects.get(code="covid-19")
    model = DeployedModel.objects.create(target=target, version="1", threshold=0.5)
    classes = {each.is_positive: each for each in target.classes.all()}
    rows = {
        "own": own, "other": other, "doctor": doctor, "worker": worker, "target": target,
        "model": model, "positive": classes[True], "negative": classes[False],
    }  # fmt: skip
    return {name: _literal(row.pk, row._meta.pk) for name, row in rows.items()}


def _insert(
    model: type[models.Model], special: dict[str, str], words: dict[str, str], what: int | str
) -> None:
    fields = list(model._meta.concrete_fields)
    cells = [
        special[field.name].format_map(words) if field.name in special else _default(field)
        for field in fields
    ]
    columns = ", ".join(f'"{field.column}"' for field in fields)
    source = _numbers(what) if isinstance(what, int) else what
    table, wanted = f'"{model._meta.db_table}"', ", ".join(cells)
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {table} ({columns}) SELECT {wanted} FROM {source}")  # noqa: S608


def _numbers(count: int) -> str:
    if connection.vendor == "postgresql":
        return f"generate_series(0::bigint, {count - 1}) AS numbers(n)"
    last = count - 1
    counted = f"SELECT 0 UNION ALL SELECT n + 1 FROM counted WHERE n < {last}"  # noqa: S608
    return f"(WITH RECURSIVE counted(n) AS ({counted}) SELECT n FROM counted)"  # noqa: S608


def _default(field: Any) -> str:
    if field.null:
        return "NULL"
    return _literal(field.get_default(), field)


def _literal(value: Any, field: Any) -> str:
    stored = field.get_db_prep_save(value, connection)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            return str(cursor.cursor.mogrify("%s", [stored]).decode())
        cursor.execute("SELECT quote(%s)", [stored])
        return str(cursor.fetchone()[0])


def _analyse() -> None:
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")
