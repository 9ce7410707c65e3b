"""DELETE /api/v1/images/{id}/: to the trash."""

from tests import factories


def test_radiograph_goes_to_the_trash(radiograph, doctor, bearer, stored_files):
    files = stored_files()

    response = bearer(doctor).delete(f"/api/v1/images/{radiograph.pk}/")

    radiograph.refresh_from_db()
    assert (response.status_code, response.content) == (204, b"")
    assert (radiograph.status, radiograph.trashed_by) == ("trashed", doctor)
    assert stored_files() == files


def test_second_time_it_is_missing(radiograph, doctor, bearer):
    client = bearer(doctor)
    client.delete(f"/api/v1/images/{radiograph.pk}/")

    assert client.delete(f"/api/v1/images/{radiograph.pk}/").status_code == 404


def test_health_workers_delete_their_own(health_worker, bearer):
    own = factories.make_radiograph(uploader=health_worker)

    assert bearer(health_worker).delete(f"/api/v1/images/{own.pk}/").status_code == 204
