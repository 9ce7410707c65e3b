"""The upload form, when all is well and when it is not."""

import hashlib
from datetime import date, timedelta

import pytest
from django.urls import reverse

from images.models import GroundTruth, Patient, Radiograph
from images.services import trash
from tests import factories
from tests.images.conftest import files_below, upload_of

UPLOAD = "/images/upload/"


def upload(client, *args, **typed):
    return client.post(UPLOAD, upload_of(*args, **typed))


def test_leads_to_the_new_radiograph(actor, doctor):
    response = upload(actor("doctor"))
    radiograph = Radiograph.objects.get()
    assert response.headers["Location"] == radiograph.get_absolute_url()
    assert (radiograph.uploader, radiograph.site) == (doctor, doctor.site)


def test_keeps_what_was_typed(actor):
    upload(actor("doctor"), sex="F", age_years="54", view="AP", acquired_on="2020-04-01")
    radiograph = Radiograph.objects.select_related("patient").get()
    assert (radiograph.patient.code, radiograph.patient.sex) == ("P-0007", "F")
    assert (radiograph.age_years, radiograph.view) == (54, "AP")
    assert radiograph.acquired_on == date(2020, 4, 1)


def test_stores_two_private_files(actor, settings):
    upload(actor("doctor"))
    radiograph = Radiograph.objects.get()
    stored = [
        settings.MEDIA_ROOT / radiograph.file.name,
        settings.MEDIA_ROOT / radiograph.thumbnail.name,
    ]
    assert [path.stat().st_mode & 0o777 for path in stored] == [0o600, 0o600]
    assert {path.parent.stat().st_mode & 0o777 for path in stored} == {0o700}
    assert hashlib.sha256(stored[0].read_bytes()).hexdigest() == radiograph.file_sha256
    assert len(files_below(settings.MEDIA_ROOT)) == 2


def test_names_of_files_say_nothing_of_sender_or_patient(actor):
    upload(actor("doctor"), name="maria-gomez.png")
    radiograph = Radiograph.objects.get()
    assert "gomez" not in radiograph.file.name
    assert "P-0007" not in radiograph.file.name


def test_records_the_rt_pcr_result(actor, doctor):
    upload(actor("doctor"), rt_pcr="positive", tested_on="2020-04-02")
    truth = GroundTruth.objects.get()
    assert (truth.result, truth.tested_on, truth.entered_by) == (
        "positive",
        date(2020, 4, 2),
        doctor,
    )


def test_an_unknown_result_is_no_statement(actor):
    upload(actor("doctor"), rt_pcr="")
    assert Radiograph.objects.get().truths.count() == 0


def test_a_health_worker_may_state_the_result_with_the_radiograph(actor, health_worker):
    upload(actor("health_worker"), rt_pcr="negative")
    truth = GroundTruth.objects.get()
    assert (truth.result, truth.entered_by) == ("negative", health_worker)


def test_an_administrator_of_the_platform_names_the_institution(actor, other_site):
    upload(actor("administrator"), site=str(other_site.pk))
    assert Radiograph.objects.get().site == other_site


def test_an_administrator_who_names_none_is_asked(actor, site, nothing_kept):
    assert upload(actor("administrator")).status_code == 400
    nothing_kept()


def test_others_cannot_choose_the_institution(actor, site, other_site):
    upload(actor("doctor"), site=str(other_site.pk))
    assert Radiograph.objects.get().site == site


def test_ages_over_89_are_kept_as_90(actor):
    upload(actor("doctor"), age_years="97")
    assert Radiograph.objects.get().age_years == 90


def test_two_radiographs_of_one_patient(actor):
    client = actor("doctor")
    upload(client, factories.chest_png(1))
    upload(client, factories.chest_png(2))
    assert Patient.objects.get().radiographs.count() == 2


TO_COME = str(date.today() + timedelta(days=2))


@pytest.mark.parametrize(
    "typed",
    [
        {"patient_code": ""},
        {"patient_code": "Gómez, María"},
        {"patient_code": "-1"},
        {"patient_code": "P" * 101},
        {"age_years": "-1"},
        {"age_years": "abc"},
        {"age_years": "131"},
        {"view": "sideways"},
        {"sex": "X"},
        {"acquired_on": "yesterday"},
        {"acquired_on": TO_COME},
        {"tested_on": TO_COME, "rt_pcr": "positive"},
        {"rt_pcr": "perhaps"},
    ],
)
def test_refuses_and_keeps_what_was_typed(actor, nothing_kept, typed):
    response = upload(actor("doctor"), **{"age_years": "41", **typed})
    assert response.status_code == 400
    form = response.context["form"]
    assert set(form.errors) & {*typed, "__all__"}
    assert form["age_years"].value() == typed.get("age_years", "41")
    nothing_kept()


def test_refuses_a_form_without_a_file(actor, nothing_kept):
    response = actor("doctor").post(UPLOAD, {"patient_code": "P-0007"})
    assert response.status_code == 400
    assert "file" in response.context["form"].errors
    nothing_kept()


def test_refuses_a_sex_that_contradicts_the_patients(actor):
    client = actor("doctor")
    upload(client, factories.chest_png(1), sex="F")
    response = upload(client, factories.chest_png(2), sex="M")
    assert response.status_code == 400
    assert "sex" in response.context["form"].errors
    assert Radiograph.objects.count() == 1


class TestTheSamePixelsAgain:
    def test_lead_to_the_radiograph_that_is_there(self, actor, film):
        response = upload(actor("health_worker"), factories.chest_png(1))
        assert response.headers["Location"] == film.get_absolute_url()
        assert Radiograph.objects.count() == 1

    def test_leave_no_second_file(self, actor, film, settings):
        before = files_below(settings.MEDIA_ROOT)
        upload(actor("doctor"), factories.chest_png(1))
        assert files_below(settings.MEDIA_ROOT) == before

    def test_change_nothing_of_it(self, actor, film):
        upload(actor("doctor"), factories.chest_png(1), rt_pcr="negative", view="AP")
        film.refresh_from_db()
        assert film.view == ""
        assert [truth.result for truth in film.truths.all()] == ["positive"]

    def test_are_told_apart_when_the_patient_is_another(self, actor, film):
        client = actor("doctor")
        page = client.post(UPLOAD, upload_of(factories.chest_png(1)), follow=True)
        assert "P-0001" in str(next(iter(page.context["messages"])))

    def test_tell_the_patient_code_to_no_cookie(self, actor, film):
        response = upload(actor("doctor"), factories.chest_png(1), patient_code="P-0002")
        assert response.status_code == 302
        assert "messages" not in response.cookies

    def test_are_found_in_the_trash(self, actor, film, doctor):
        trash(radiograph=film, by=doctor)
        response = upload(actor("doctor"), factories.chest_png(1))
        assert response.headers["Location"] == film.get_absolute_url()

    def test_of_another_institution_are_never_hinted_at(self, actor, film, stranger):
        upload(actor("stranger"), factories.chest_png(1))
        theirs = Radiograph.objects.get(site=stranger.site)
        assert (theirs.uploader, theirs.pixel_sha256) == (stranger, film.pixel_sha256)
        assert actor("stranger").get(reverse("images:detail", args=[film.pk])).status_code == 404
