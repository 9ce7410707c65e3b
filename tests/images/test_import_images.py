"""`manage.py import_images`: a folder and its table, into one institution."""

import io
import json
import os
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from images.models import Radiograph
from tests import factories

HEADER = "filename,label,rt_pcr,patient_id,view,source,original_name"


@pytest.fixture
def folder(tmp_path) -> Path:
    """Three films, one of them below images/, and a text."""
    inside = tmp_path / "films"
    (inside / "images").mkdir(parents=True)
    (inside / "a.png").write_bytes(factories.chest_png(1))
    (inside / "b.png").write_bytes(factories.chest_png(2))
    (inside / "images" / "c.png").write_bytes(factories.chest_png(3))
    (inside / "notes.png").write_text("no picture")
    return inside


@pytest.fixture
def run(folder, doctor):
    """Run it with these rows; answers (exit status, what it printed)."""

    def call(*rows: str, json_lines: bool = True, **options: str):
        table = folder / "metadata.csv"
        table.write_text("\n".join([HEADER, *rows]) + "\n")
        named = {"metadata": str(table), "site": doctor.site.code, "user": doctor.email} | options
        out = io.StringIO()
        status = 0
        try:
            call_command("import_images", str(folder), json=json_lines, stdout=out, **named)
        except SystemExit as end:
            status = end.code
        lines = out.getvalue().splitlines()
        return status, [json.loads(line) for line in lines] if json_lines else lines

    return call


def test_one_line_a_file_and_the_sum(run):
    status, lines = run("a.png,covid,positive,p-1,PA,cohen,x", "c.png,normal,negative,p-2,,,")
    assert status == 0
    assert [(line["file"], line["outcome"]) for line in lines[:-1]] == [
        ("a.png", "created"),
        ("c.png", "created"),
    ]
    assert lines[-1] == {"total": 2, "created": 2, "duplicate": 0, "error": 0}


def test_keeps_the_facts(run, doctor):
    run("a.png,covid,positive,p-1,AP Supine,cohen,x.png")
    film = Radiograph.objects.select_related("patient").get()
    assert (film.patient.code, film.view, film.source) == ("p-1", "AP-supine", "cohen")
    assert (film.uploader, film.site) == (doctor, doctor.site)
    assert film.extra == {"label": "covid", "view": "AP Supine", "original_name": "x.png"}


@pytest.mark.parametrize(
    ("label", "rt_pcr", "expected"),
    [
        ("covid", "positive", {"covid-19": "positive", "chest-three-classes": "covid-19"}),
        ("normal", "negative", {"covid-19": "negative", "chest-three-classes": "normal"}),
        ("pneumonia", "negative", {"covid-19": "negative"}),
        ("viral pneumonia", "negative",
         {"covid-19": "negative", "chest-three-classes": "viral-pneumonia"}),
        ("viral-pneumonia", "unknown", {"chest-three-classes": "viral-pneumonia"}),
        ("COVID", "Positive", {"covid-19": "positive", "chest-three-classes": "covid-19"}),
        ("tuberculosis", "", {}),
    ],
)  # fmt: skip
def test_ground_truth(run, label, rt_pcr, expected):
    run(f"a.png,{label},{rt_pcr},p-1,,,")
    truths = Radiograph.objects.get().truths.select_related("target", "target_class")
    assert {truth.target.code: truth.result for truth in truths} == expected


def test_again_adds_nothing(run):
    rows = ("a.png,covid,positive,p-1,,,", "b.png,normal,negative,p-2,,,")
    run(*rows)
    status, lines = run(*rows)
    assert (status, lines[-1]["duplicate"], Radiograph.objects.count()) == (0, 2, 2)


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("notes.png,covid,positive,p-1,,,", "not-an-image"),
        ("missing.png,covid,positive,p-1,,,", "no-such-file"),
        ("../../etc/passwd,covid,positive,p-1,,,", "no-such-file"),
        ("a.png,covid,perhaps,p-1,,,", "class-of-other-target"),
        ("a.png,covid,positive,,,,", "bad-patient-code"),
        ("a.png,covid,positive,María Gómez,,,", "bad-patient-code"),
    ],
)
def test_a_bad_row_is_named_and_the_others_go_on(run, row, code):
    status, lines = run(row, "b.png,normal,negative,p-2,,,")
    assert (status, lines[0]["outcome"], lines[0]["code"]) == (1, "error", code)
    assert lines[0]["reason"].endswith(".")
    assert lines[-1] == {"total": 2, "created": 1, "duplicate": 0, "error": 1}


def test_for_people_it_prints_plain_lines(run):
    _, lines = run("a.png,covid,positive,p-1,,,", json_lines=False)
    assert lines[0].startswith("created\ta.png\t")
    assert lines[-1] == "total=1 created=1 duplicate=0 error=0"


def test_missing_columns_are_named(folder, doctor):
    table = folder / "short.csv"
    table.write_text("filename,label\n")
    with pytest.raises(CommandError, match="rt_pcr, patient_id, view, source"):
        call_command(
            "import_images", str(folder), metadata=str(table), site=doctor.site.code,
            user=doctor.email,
        )  # fmt: skip


@pytest.mark.parametrize("option", [{"site": "nowhere"}, {"user": "nobody@example.org"}])
def test_unknown_names_are_refused(run, option):
    with pytest.raises(CommandError, match=next(iter(option.values()))):
        run("a.png,covid,positive,p-1,,,", **option)


@pytest.mark.parametrize("who", ["health_worker", "researcher", "pending", "stranger"])
def test_only_those_who_may_do_it_by_hand(run, request, who):
    with pytest.raises(CommandError):
        run("a.png,covid,positive,p-1,,,", user=request.getfixturevalue(who).email)
    assert not Radiograph.objects.exists()


def test_an_administrator_of_the_platform_imports_anywhere(run, administrator, other_site):
    status, _ = run("a.png,covid,positive,p-1,,,", user=administrator.email, site=other_site.code)
    assert (status, Radiograph.objects.get().site) == (0, other_site)


def shared_data() -> Path:
    root = os.environ.get("COVIDXR_SHARED") or Path(settings.BASE_DIR).parent / "shared"
    return Path(root) / "data" / "chestxray"


@pytest.mark.data
@pytest.mark.skipif(not shared_data().is_dir(), reason="the development radiographs are not here")
def test_real_rows(doctor, tmp_path):
    """Each hundredth row of the development data, and all patients with the longest codes."""
    folder = shared_data()
    lines = (folder / "metadata.csv").read_text().splitlines()
    longest = max(lines, key=lambda line: len(line.split(",")[3]))
    table = tmp_path / "some.csv"
    table.write_text("\n".join([lines[0], longest, *lines[1::100]]) + "\n")
    out = io.StringIO()
    call_command(
        "import_images", str(folder), metadata=str(table), site=doctor.site.code,
        user=doctor.email, json=True, stdout=out,
    )  # fmt: skip
    assert json.loads(out.getvalue().splitlines()[-1])["error"] == 0
