"""POST /api/v1/images/ with every file that pydicom and pydicom-data carry."""

from collections import Counter

import pytest

from images.decoding import SENTENCES
from images.models import Radiograph
from tests.images.malformed import PYDICOM_FILES, REAL_FILES

PARTS = 4
FILES = [
    path
    for folder in (PYDICOM_FILES, REAL_FILES)
    for path in sorted(folder.rglob("*"))
    if path.is_file() and path.stat().st_size
]


@pytest.mark.parametrize("part", range(PARTS))
def test_each_is_stored_or_refused_with_a_reason(part, upload, doctor, bearer) -> None:
    client, codes = bearer(doctor), Counter()
    for path in FILES[part::PARTS]:
        answer = upload(client, content=path.read_bytes(), name=path.name)
        codes[answer.status_code] += 1
        assert answer.status_code in (200, 201, 400), path.name
        if answer.status_code == 400:
            problem = answer.json()
            assert problem["code"] in SENTENCES
            assert len(problem["detail"]) > 20
    assert codes[201] == Radiograph.objects.count()
    assert codes[201] >= 5
    assert codes[400] >= 20


def test_there_are_enough_files() -> None:
    assert len(FILES) >= 230
