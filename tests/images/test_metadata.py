"""Reading the table that comes with a folder of radiographs."""

import pytest

from images.metadata import COLUMNS, BadTable, find_file, read_rows

HEADER = "filename,label,rt_pcr,patient_id,view,source"


@pytest.fixture
def rows_of(tmp_path):
    def read(content: str | bytes):
        path = tmp_path / "metadata.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_rows(path)

    return read


def test_reads_the_known_columns(rows_of):
    [row] = rows_of(f"{HEADER}\na.jpg,covid,positive,p-1,PA,cohen\n")
    assert tuple(getattr(row, name) for name in COLUMNS) == (
        "a.jpg", "covid", "positive", "p-1", "PA", "cohen",
    )  # fmt: skip
    assert row.extra == {}


def test_keeps_the_others(rows_of):
    [row] = rows_of(f"{HEADER},Original Name,empty\na.jpg,,,p,,,x.png,\n")
    assert row.extra == {"Original Name": "x.png"}


@pytest.mark.parametrize("missing", COLUMNS)
def test_names_what_is_missing(rows_of, missing):
    header = ",".join(name for name in COLUMNS if name != missing)
    with pytest.raises(BadTable, match=missing):
        rows_of(header + "\n")


@pytest.mark.parametrize(
    "content",
    [
        f"{HEADER}\na.jpg,covid,positive,José,PA,x\n",
        f"{HEADER}\na.jpg,covid,positive,José,PA,x\n".encode("utf-8-sig"),
        f"{HEADER}\na.jpg,covid,positive,José,PA,x\n".encode("latin-1"),
        f"{HEADER}\r\na.jpg,covid,positive,José,PA,x\r\n",
        f"{HEADER}\na.jpg;covid;positive;José;PA;x\n".replace(",", ";"),
        " Filename , LABEL,Rt_Pcr,patient_id,view,source\n a.jpg ,covid,positive, José,PA,x\n\n\n",
    ],
    ids=["utf-8", "utf-8 with mark", "latin-1", "crlf", "semicolons", "spaces and capitals"],
)  # fmt: skip
def test_however_it_was_saved(rows_of, content):
    [row] = rows_of(content)
    assert (row.filename, row.patient_id) == ("a.jpg", "José")


@pytest.mark.parametrize("content", ["", "\n", b"\x00\xff\xfe", '"never closed'])
def test_what_is_no_table(rows_of, content):
    with pytest.raises(BadTable):
        rows_of(content)


def test_a_cell_without_end(rows_of):
    with pytest.raises(BadTable):
        rows_of(f'{HEADER}\n"{"x" * 200_000}\n')


def test_a_table_that_is_not_there(tmp_path):
    with pytest.raises(BadTable, match="nothing"):
        read_rows(tmp_path / "nothing.csv")


@pytest.fixture
def folder(tmp_path):
    inside = tmp_path / "inside"
    (inside / "images").mkdir(parents=True)
    (inside / "a.png").touch()
    (inside / "images" / "b.png").touch()
    (tmp_path / "outside.png").touch()
    (inside / "link.png").symlink_to(tmp_path / "outside.png")
    return inside


@pytest.mark.parametrize("name", ["a.png", "b.png", "images/b.png", "images/../a.png"])
def test_finds_files(folder, name):
    assert find_file(folder, name) is not None


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "images",
        "c.png",
        "../outside.png",
        "/etc/passwd",
        "link.png",
        "x" * 5000,
        "a\0.png",
    ],
)
def test_never_leaves_the_folder(folder, name):
    assert find_file(folder, name) is None
