"""How stored files are answered: whole, in part, not at all, or by somebody else."""

import pytest
from django.urls import reverse

PICTURES = ("images:picture", "images:thumbnail", "api-images-picture")


@pytest.fixture
def get(actor, film):
    """`get(name, range=...)` as the doctor: the picture, the thumbnail or the API's picture."""
    client = actor("doctor")

    def answer(name="images:picture", method="get", **headers):
        headers = {key: value for key, value in headers.items() if value}
        return getattr(client, method)(reverse(name, args=[film.pk]), headers=headers)

    return answer


@pytest.fixture
def deep(doctor, film):
    """The film, as if its display range were narrower: the page renders it for each request."""
    film.display_high = 200.0
    film.save()
    return film


def body(response) -> bytes:
    return b"".join(response)


@pytest.mark.parametrize("name", PICTURES)
def test_a_range_is_a_part_of_the_whole(get, name):
    whole = body(get(name))
    part = get(name, range="bytes=10-29")
    assert (part.status_code, body(part)) == (206, whole[10:30])
    assert part.headers["Content-Range"] == f"bytes 10-29/{len(whole)}"
    assert part.headers["Content-Length"] == "20"
    assert part.headers["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize("name", PICTURES)
def test_parts_make_the_whole_again(get, name):
    whole = body(get(name))
    middle = len(whole) // 2
    ranges = (f"bytes=0-{middle - 1}", f"bytes={middle}-")
    assert b"".join(body(get(name, range=part)) for part in ranges) == whole


def test_the_end_is_asked_for_by_its_length(get):
    assert body(get(range="bytes=-7")) == body(get())[-7:]


def test_a_rendered_picture_has_ranges_too(get, deep):
    whole = body(get())
    part = get(range="bytes=5-8")
    assert (part.status_code, body(part)) == (206, whole[5:9])


def test_a_range_behind_the_end_is_416(get, film):
    response = get("api-images-picture", range="bytes=99999999-")
    assert (response.status_code, body(response)) == (416, b"")
    assert response.headers["Content-Range"] == f"bytes */{film.file.size}"


@pytest.mark.parametrize("header", ["bytes=0-1,5-6", "bytes=9-1", "pages=1-2"])
def test_what_is_no_single_range_gets_the_whole(get, header):
    response = get(range=header)
    assert (response.status_code, body(response)) == (200, body(get()))
    assert response.headers["Accept-Ranges"] == "bytes"


def test_a_range_of_the_same_version_counts(get):
    etag = get().headers["ETag"]
    assert get(range="bytes=0-4", if_range=etag).status_code == 206


def test_a_range_of_another_version_gets_the_whole(get):
    assert get(range="bytes=0-4", if_range='"older"').status_code == 200


def test_known_bytes_are_not_sent_in_parts_either(get):
    etag = get().headers["ETag"]
    assert get(range="bytes=0-4", if_none_match=etag).status_code == 304


@pytest.mark.parametrize("name", PICTURES)
def test_head_says_all_and_sends_nothing(get, name):
    whole, head = get(name), get(name, method="head", range="bytes=0-4")
    assert (head.status_code, body(head)) == (200, b"")
    for header in ("Content-Length", "Content-Type", "ETag"):
        assert head.headers[header] == whole.headers[header]


def test_a_covered_picture_has_another_version(get, film):
    etag = get().headers["ETag"]
    film.pixel_sha256 = "0" * 64
    film.save()
    assert get(if_none_match=etag).status_code == 200


# --- the web server before us -------------------------------------------------------------------
def test_nginx_is_told_where_the_file_is(get, film, settings):
    settings.FILES_SENT_BY = "x-accel"
    response = get()
    assert body(response) == b""
    assert response.headers["X-Accel-Redirect"] == f"/_radiographs/{film.file.name}"
    assert response.headers["Content-Type"] == "image/png"
    assert response.headers["Cache-Control"] == "private, no-store"


def test_apache_is_told_where_the_file_is(get, film, settings):
    settings.FILES_SENT_BY = "x-sendfile"
    response = get("images:thumbnail")
    assert body(response) == b""
    assert response.headers["X-Sendfile"] == film.thumbnail.path


def test_what_is_rendered_is_sent_by_us(get, deep, settings):
    settings.FILES_SENT_BY = "x-accel"
    response = get()
    assert "X-Accel-Redirect" not in response.headers
    assert body(response).startswith(b"\x89PNG")


@pytest.mark.parametrize("sender", ["x-accel", "x-sendfile"])
def test_a_lost_file_is_missed_before_it_is_handed_over(get, film, settings, sender):
    settings.FILES_SENT_BY = sender
    film.thumbnail.storage.delete(film.thumbnail.name)
    assert get("images:thumbnail").status_code == 404


@pytest.mark.parametrize("sender", ["x-accel", "x-sendfile"])
@pytest.mark.parametrize("name", PICTURES)
def test_nothing_is_handed_over_to_a_stranger(actor, film, settings, sender, name):
    settings.FILES_SENT_BY = sender
    response = actor("stranger").get(reverse(name, args=[film.pk]))
    assert response.status_code == 404
    assert not {"X-Accel-Redirect", "X-Sendfile"} & set(response.headers)


# --- other ways in ------------------------------------------------------------------------------
def guesses(film) -> list[str]:
    name, picture = film.file.name, reverse("images:picture", args=[film.pk])
    return [
        f"/{name}", f"/radiographs/{name}", f"/media/{name}", f"/static/{name}",
        f"/static/../radiographs/{name}", f"/static/..%2fradiographs%2f{name}",
        f"/static/%2e%2e/%2e%2e/radiographs/{name}", f"/_radiographs/{name}",
        f"{picture}/../../../{name}", f"{picture}%00", f"/images/..%2f..%2f{name}",
        f"/images/{name}", f"/api/v1/images/..%2f{name}/picture", f"/data/radiographs/{name}",
    ]  # fmt: skip


@pytest.mark.parametrize("who", ["anonymous", "doctor"])
def test_guessed_addresses_lead_to_no_file(actor, film, who):
    client, secret = actor(who), film.file.open("rb").read()[:64]
    for address in guesses(film):
        response = client.get(address)
        assert response.status_code in {302, 400, 404}, address
        assert secret not in body(response)


@pytest.mark.parametrize("name", PICTURES)
def test_a_copied_address_is_worth_nothing_after_signing_out(actor, film, name):
    client, address = actor("doctor"), reverse(name, args=[film.pk])
    assert body(client.get(address))
    client.logout()
    response = client.get(address)
    assert response.status_code in {302, 401, 403}
    assert b"PNG" not in body(response)


def test_file_names_in_rows_cannot_leave_the_folder(actor, film, settings):
    outside = settings.MEDIA_ROOT.parent / "secret.png"
    outside.write_bytes(b"secret")
    film.thumbnail.name = "../secret.png"
    film.save()
    client = actor("doctor")
    assert client.get(reverse("images:thumbnail", args=[film.pk])).status_code == 400
