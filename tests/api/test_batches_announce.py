"""POST /api/v1/batches/{id}/files/"""

import pytest

from images.models import IncomingFile, Radiograph
from images.services import announcing, trash
from tests import factories
from tests.sending import Sender, film, offered, work

FILM = film(1)


@pytest.fixture
def sender(health_worker, bearer) -> Sender:
    return Sender(bearer(health_worker))


def answers(response) -> list[dict]:
    assert response.status_code == 200, response.content
    return response.json()["files"]


def test_rows_in_the_order_of_the_announcement(sender):
    files = [offered(f"{number}.png", film(number)) for number in (3, 1, 2)]

    rows = answers(sender.announce(*files))

    assert [row["name"] for row in rows] == ["3.png", "1.png", "2.png"]
    assert [row["position"] for row in rows] == [0, 1, 2]
    assert {row["state"] for row in rows} == {"receiving"}


def test_positions_go_on(sender):
    sender.announce(offered("a.png", film(1)))

    assert answers(sender.announce(offered("b.png", film(2))))[0]["position"] == 1


def test_same_file_twice_is_one_row(sender):
    rows = answers(sender.announce(offered("a.png", FILM), offered("a.png", FILM)))
    again = answers(sender.announce(offered("a.png", FILM)))

    assert {row["id"] for row in rows + again} == {rows[0]["id"]}
    assert IncomingFile.objects.count() == 1


def test_two_files_of_one_name_are_two_rows(sender):
    rows = answers(sender.announce(offered("a.png", film(1)), offered("a.png", film(2))))

    assert len({row["id"] for row in rows}) == 2


def test_what_the_institution_has_is_done_at_once(sender, health_worker, bearer):
    sender.send("a.png", FILM)
    work()
    other = Sender(bearer(health_worker))

    row = answers(other.announce(offered("renamed.png", FILM)))[0]

    assert (row["state"], row["outcome"]) == ("done", "duplicate")
    assert row["radiograph"] == str(Radiograph.objects.get().pk)
    assert row["received"] == row["size"]


def test_what_turned_out_to_be_a_duplicate_is_known_too(sender, health_worker, bearer):
    factories.make_radiograph(uploader=health_worker, seed=1)
    Radiograph.objects.update(source_sha256="")
    sender.send("a.png", FILM)
    work()

    row = answers(Sender(bearer(health_worker)).announce(offered("a.png", FILM)))[0]

    assert (row["state"], row["outcome"]) == ("done", "duplicate")


def test_what_is_in_the_trash_is_known(sender, doctor):
    sender.send("a.png", FILM)
    work()
    trash(radiograph=Radiograph.objects.get(), by=doctor)

    assert answers(sender.announce(offered("b.png", FILM)))[0]["outcome"] == "duplicate"


def test_what_another_institution_has_stays_unknown(sender, stranger, bearer):
    sender.send("a.png", FILM)
    work()

    row = answers(Sender(bearer(stranger)).announce(offered("a.png", FILM)))[0]

    assert row["state"] == "receiving"


@pytest.mark.parametrize(
    "name",
    ["", "../a.png", "a/../../b.png", "/etc/passwd", "C:\\a.png", "..\\a.png", "a\0.png",
     "a\nb.png", "x" * 300, "a/" * 600 + "b.png", 7, None],
)  # fmt: skip
def test_bad_name_has_no_row_and_the_others_go_on(name, sender):
    bad, good = answers(
        sender.announce(offered("x", b"1") | {"name": name}, offered("good.png", FILM))
    )

    assert (bad["code"], "id" in bad) == ("bad-name", False)
    assert good["state"] == "receiving"


def test_empty_file(sender):
    assert answers(sender.announce(offered("a.png", b"")))[0]["code"] == "empty"


def test_larger_than_anything_that_is_taken(sender, settings):
    settings.MAX_RADIOGRAPH_BYTES = settings.MAX_ARCHIVE_BYTES = 2**20

    row = answers(sender.announce(offered("a.png", FILM) | {"size": 2**20 + 1}))[0]

    assert (row["code"], "1 MB" in row["sentence"]) == ("too-large-file", True)


def test_quota_of_the_person_counts_what_is_announced_together(sender, site):
    site.person_quota_megabytes = 1
    site.save()
    files = [offered(f"{number}.png", film(number)) | {"size": 600_000} for number in (1, 2)]

    first, second = answers(sender.announce(*files))

    assert (first["state"], second["code"]) == ("receiving", "quota-person")


def test_full_batch(sender, monkeypatch):
    monkeypatch.setattr(announcing, "MAX_FILES", 1)

    first, second = answers(sender.announce(offered("a.png", film(1)), offered("b.png", film(2))))

    assert (first["state"], second["code"]) == ("receiving", "batch-full")


def test_folder_is_the_patient(health_worker, bearer):
    sender = Sender(bearer(health_worker), patient_rule="folder")
    named, nameless, person = answers(
        sender.announce(
            offered("all/P-7/a.png", film(1)), offered("b.png", film(2)),
            offered("Juan Pérez/c.png", film(3)),
        )
    )  # fmt: skip

    assert IncomingFile.objects.get(pk=named["id"]).patient_code == "P-7"
    assert IncomingFile.objects.get(pk=nameless["id"]).patient_code == ""
    assert person["code"] == "bad-patient-code"


@pytest.mark.parametrize(
    "part", [{"size": -1}, {"size": "many"}, {"sha256": "abc"}, {"sha256": "A" * 64}]
)
def test_bad_values(part, sender):
    response = sender.announce(offered("a.png", FILM) | part)

    assert (response.status_code, response.json()["code"]) == (400, "invalid")


@pytest.mark.parametrize("count", [0, 101])
def test_number_of_files(count, sender):
    files = [offered(f"{number}.png", b"x") for number in range(count)]

    assert sender.announce(*files).status_code == 400


def test_cancelled_batch(sender):
    sender.do("cancel")

    response = sender.announce(offered("a.png", FILM))

    assert (response.status_code, response.json()["code"]) == (409, "batch-closed")


def test_name_is_sealed(sender):
    key = sender.announced("Juan/radiografía.png", FILM)

    row = IncomingFile.objects.get(pk=key)
    assert b"Juan" not in bytes(row.sealed_name)
    assert sender.row(key)["name"] == "Juan/radiografía.png"


def test_hundred_files_take_few_queries(sender, django_assert_max_num_queries):
    files = [offered(f"{number}.png", str(number).encode()) for number in range(100)]

    with django_assert_max_num_queries(25):
        sender.announce(*files)
