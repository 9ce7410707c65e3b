"""`services.cover`: pixels become black for good, and nothing of them is left."""

import hashlib
import io

import numpy as np
import pytest
from PIL import Image

from images.errors import Refused
from images.models import Radiograph, Redaction, StorageUse
from images.models.radiograph import TextState
from images.radiograph import RadiographPixels
from images.services import cover, names_nobody, patient_of, store_radiograph
from images.signals import pixels_replaced
from images.stored import pixels_of
from tests.factories import make_radiograph
from tests.images.conftest import files_below
from tests.images.drawn_names import film_with_name, store_named

BOX = [10, 20, 30, 40]


@pytest.fixture
def committing(django_capture_on_commit_callbacks):
    """What waits for the commit runs at the end of the block."""
    return lambda: django_capture_on_commit_callbacks(execute=True)


@pytest.fixture
def covered(film, doctor, committing):
    """`film` with BOX covered, as the database has it now."""
    with committing():
        cover(radiograph=film, boxes=[BOX], by=doctor)
    return Radiograph.objects.get(pk=film.pk)


def test_the_pixels_in_the_box_are_black_and_all_others_as_before(film, doctor):
    expected = pixels_of(film).array.copy()
    expected[20:60, 10:40] = 0
    cover(radiograph=film, boxes=[BOX], by=doctor)
    assert (pixels_of(Radiograph.objects.get(pk=film.pk)).array == expected).all()


def test_the_row_tells_the_new_files(covered):
    png = covered.file.open().read()
    jpeg = covered.thumbnail.open().read()
    assert covered.file_sha256 == hashlib.sha256(png).hexdigest()
    assert covered.thumbnail_sha256 == hashlib.sha256(jpeg).hexdigest()
    assert covered.pixel_sha256 == pixels_of(covered).sha256
    assert covered.stored_bytes == len(png) + len(jpeg)
    assert (covered.text_state, covered.text_boxes) == (TextState.REDACTED, [])


def test_nothing_of_the_old_files_is_left(covered, settings):
    named = sorted(name.split("/")[-1] for name in (covered.file.name, covered.thumbnail.name))
    assert files_below(settings.MEDIA_ROOT) == named


def test_the_old_files_stay_until_the_commit(film, doctor, settings):
    cover(radiograph=film, boxes=[BOX], by=doctor)
    assert len(files_below(settings.MEDIA_ROOT)) == 4


def test_it_is_written_down(covered, doctor):
    row = Redaction.objects.get()
    assert (row.radiograph, row.boxes, row.made_by) == (covered, [BOX], doctor)
    assert row.pixel_sha256_before != covered.pixel_sha256


def test_quotas_count_the_new_files(covered):
    assert StorageUse.objects.get().stored_bytes == covered.stored_bytes


def test_a_box_over_the_edge_covers_what_is_inside(film, doctor):
    cover(radiograph=film, boxes=[[film.width - 5, film.height - 5, 400, 400]], by=doctor)
    array = pixels_of(Radiograph.objects.get(pk=film.pk)).array
    assert (array[-5:, -5:] == 0).all()


def test_sixteen_bits_become_what_is_shown_black(doctor):
    array = np.random.default_rng(4).integers(1000, 4000, (80, 90), dtype=np.uint16)
    row = store_radiograph(
        stream=io.BytesIO(RadiographPixels(array, 0.0, 65535.0).to_png()),
        patient=patient_of(site=doctor.site, code="P-16"), uploader=doctor,
    ).radiograph  # fmt: skip
    cover(radiograph=row, boxes=[BOX], by=doctor)
    stored = pixels_of(Radiograph.objects.get(pk=row.pk))
    assert (stored.to_display()[20:60, 10:40] == 0).all()
    assert stored.array.dtype == np.uint16


def test_the_signal_has_the_new_pixels_and_the_old_hash(film, doctor):
    heard = []

    def listen(sender, **told):
        heard.append(told)

    before = film.pixel_sha256
    pixels_replaced.connect(listen)
    cover(radiograph=film, boxes=[BOX], by=doctor)
    pixels_replaced.disconnect(listen)
    assert heard[0]["radiograph"].pk == film.pk
    assert heard[0]["pixels"].sha256 == Radiograph.objects.get(pk=film.pk).pixel_sha256
    assert heard[0]["before"] == before


def test_the_same_source_is_known_and_does_not_come_in_again(doctor):
    row = store_named(doctor, seed=2)
    cover(radiograph=row, boxes=row.text_boxes, by=doctor)
    array, _box = film_with_name(2)
    again = store_radiograph(
        stream=io.BytesIO(RadiographPixels.eight_bit(array).to_png()),
        patient=patient_of(site=doctor.site, code="P-0002"), uploader=doctor,
    )  # fmt: skip
    assert (again.created, again.radiograph.pk) == (False, row.pk)


def test_the_hash_of_the_source_stays(covered, film):
    assert covered.source_sha256
    assert covered.source_sha256 == film.source_sha256


def twin_of(film, doctor) -> Radiograph:
    """A radiograph whose pixels are those of `film` with BOX covered."""
    array = np.array(Image.open(film.file.open()))
    array[20:60, 10:40] = 0
    return store_radiograph(
        stream=io.BytesIO(RadiographPixels.eight_bit(array).to_png()),
        patient=patient_of(site=doctor.site, code="P-TWIN"), uploader=doctor,
    ).radiograph  # fmt: skip


def test_pixels_that_the_institution_has_already_are_refused(film, doctor, settings):
    twin_of(film, doctor)
    before = files_below(settings.MEDIA_ROOT)
    with pytest.raises(Refused, match="covered-twin"):
        cover(radiograph=film, boxes=[BOX], by=doctor)
    assert files_below(settings.MEDIA_ROOT) == before
    assert not Redaction.objects.exists()


def test_who_comes_second_is_refused(film, doctor, settings):
    stale = Radiograph.objects.get(pk=film.pk)
    content = stale.file.open().read()
    cover(radiograph=film, boxes=[BOX], by=doctor)
    stale.file.storage.delete(stale.file.name)
    name = stale.file.storage.save(stale.file.name, io.BytesIO(content))
    assert name == stale.file.name
    before = files_below(settings.MEDIA_ROOT)
    with pytest.raises(Refused, match="pixels-changed"):
        cover(radiograph=stale, boxes=[[0, 0, 9, 9]], by=doctor)
    assert files_below(settings.MEDIA_ROOT) == before


def test_a_failing_receiver_leaves_all_as_it_was(film, doctor, settings):
    def fail(sender, **told):
        raise RuntimeError

    before = files_below(settings.MEDIA_ROOT), Radiograph.objects.values().get()
    pixels_replaced.connect(fail)
    with pytest.raises(RuntimeError):
        cover(radiograph=film, boxes=[BOX], by=doctor)
    pixels_replaced.disconnect(fail)
    assert (files_below(settings.MEDIA_ROOT), Radiograph.objects.values().get()) == before


def test_a_verdict_that_it_names_nobody_is_written_down(doctor):
    row = store_named(doctor, seed=3)
    assert names_nobody(radiograph=row, by=doctor)
    noted = Redaction.objects.get()
    assert (noted.boxes, noted.made_by) == ([], doctor)
    assert Radiograph.objects.get().text_state == TextState.HARMLESS


def test_what_is_not_suspected_needs_no_verdict(film, doctor):
    assert not names_nobody(radiograph=film, by=doctor)
    assert not Redaction.objects.exists()


def test_two_verdicts_are_one(doctor):
    row = store_named(doctor, seed=4)
    assert [names_nobody(radiograph=row, by=doctor) for _ in range(2)] == [True, False]


def test_other_radiographs_are_left_alone(covered, doctor):
    other = make_radiograph(uploader=doctor, seed=60, patient_code="P-60")
    assert pixels_of(other).sha256 == other.pixel_sha256
