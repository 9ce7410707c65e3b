"""Copies that the features of the network show."""

import pytest

from images.models import CopyLink, Likeness, PictureSketch, Radiograph
from images.services.copies import join_copies, waiting
from inference.copies import join_by_features
from inference.similar import refresh
from inference.tasks import refresh_similar
from tests.inference.similar_cases import make_case, serve


@pytest.fixture
def served(target, site):
    return serve(target)


def group_of(radiograph):
    return Radiograph.objects.get(pk=radiograph.pk).copy_group


def compare() -> int:
    for radiograph in list(waiting()):
        join_copies(radiograph=radiograph)
    refresh()
    return join_by_features()


def test_equal_features_are_joined(served, site):
    one, other = make_case(0, seed=1, site=site), make_case(5, seed=2, site=site)
    compare()
    assert group_of(one) == group_of(other) is not None
    assert CopyLink.objects.get().kind == Likeness.FEATURES


def test_copies_of_two_institutions_are_joined(served, site, other_site):
    one, other = make_case(0, seed=1, site=site), make_case(5, seed=2, site=other_site)
    compare()
    assert group_of(one) == group_of(other) is not None


def test_similar_is_not_the_same(served, site):
    one, other = make_case(0, seed=1, site=site), make_case(15, seed=2, site=site)
    compare()
    assert group_of(one) is None
    assert group_of(other) is None


def test_each_case_is_compared_once(served, site):
    make_case(0, seed=1, site=site)
    assert compare() == 1
    assert compare() == 0


def test_what_comes_later_finds_what_was_there(served, site):
    one = make_case(0, seed=1, site=site)
    compare()
    other = make_case(5, seed=2, site=site)
    compare()
    assert group_of(one) == group_of(other) is not None


def test_unconfirmed_ones_wait(served, site):
    make_case(0, seed=1, site=site, rt_pcr="")
    assert compare() == 0
    assert not PictureSketch.objects.get().features_compared


def test_without_a_model_in_service_nothing_happens(site):
    make_case(0, seed=1, site=site)
    assert compare() == 0


def test_the_task_does_it_after_the_refresh(served, site):
    one, other = make_case(0, seed=1, site=site), make_case(5, seed=2, site=site)
    for radiograph in list(waiting()):
        join_copies(radiograph=radiograph)
    refresh_similar()
    assert group_of(one) == group_of(other) is not None
