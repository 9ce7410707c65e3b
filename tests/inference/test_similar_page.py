"""Similar confirmed cases on a radiograph's page."""

import pytest
from django.urls import reverse

from images.services import trash
from inference.similar import refresh
from tests.factories import make_radiograph, state_truth
from tests.inference.similar_cases import keep_features, make_case, pooled, serve


def url_of(radiograph):
    return reverse("inference:similar", args=[radiograph.pk])


def text_of(response) -> str:
    return " ".join(response.content.decode().split())


@pytest.fixture
def asked(site, target):
    """A confirmed radiograph, so that researchers see it too; its features are there."""
    serve(target)
    radiograph = make_radiograph(site=site, seed=1, patient_code="P-asked", rt_pcr="negative")
    keep_features(radiograph, pooled(0))
    return radiograph


@pytest.fixture
def case(asked, site):
    case = make_case(20, seed=2, site=site, patient_code="SECRET-2")
    refresh()
    return case


@pytest.fixture
def see(sign_in, doctor):
    """`see(radiograph, by=doctor) -> str`: the piece in English."""

    def get(radiograph, by=doctor) -> str:
        client = sign_in(by)
        client.cookies["django_language"] = "en"
        response = client.get(url_of(radiograph))
        assert response.status_code == 200
        return text_of(response)

    return get


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("anonymous", 302),
        ("pending", 302),
        ("health_worker", 200),
        ("doctor", 200),
        ("researcher", 200),
        ("administrator", 200),
        ("site_administrator", 200),
        ("stranger", 404),
    ],
)
def test_who_sees_it(actor, case, asked, who, status):
    assert actor(who).get(url_of(asked)).status_code == status


def test_unconfirmed_radiographs_are_not_there_for_researchers(actor, asked):
    state_truth(asked, "unknown")
    assert actor("researcher").get(url_of(asked)).status_code == 404


def test_a_radiograph_that_does_not_exist_is_not_found(actor, db):
    missing = reverse("inference:similar", args=["00000000-0000-4000-8000-000000000000"])
    assert actor("doctor").get(missing).status_code == 404


def test_it_only_reads(actor, asked):
    assert actor("doctor").post(url_of(asked)).status_code == 405


def test_the_page_of_the_radiograph_asks_for_it(actor, asked):
    page = actor("doctor").get(asked.get_absolute_url()).content.decode()
    assert f'hx-get="{url_of(asked)}" hx-trigger="load"' in page


def test_a_case_is_shown_with_its_picture_likeness_and_truth(see, case, asked):
    text = see(asked)
    for words in (
        f'href="{case.get_absolute_url()}"', reverse("images:thumbnail", args=[case.pk]),
        "Very similar", "(0.94)", "truth-positive", "RT-PCR: positive",
    ):  # fmt: skip
        assert words in text


def test_it_says_what_it_is_worth(see, case, asked):
    assert "this is not a diagnosis" in see(asked)


def test_staff_read_the_code_and_researchers_a_pseudonym(see, case, asked, researcher, doctor):
    assert "SECRET-2" in see(asked, doctor)
    assert "SECRET-2" not in see(asked, researcher)


def test_the_institution_is_named_where_there_are_several(
    see, case, asked, administrator, researcher, doctor
):
    assert [str(case.site) in see(asked, by) for by in (administrator, researcher, doctor)] == [
        True, True, False,
    ]  # fmt: skip


def test_drawn_cases_are_marked(see, asked, site):
    asked.is_synthetic = True
    asked.save()
    make_case(20, seed=2, site=site, is_synthetic=True)
    refresh()
    assert 'class="synthetic"' in see(asked)


def test_without_cases_it_says_so(see, asked):
    text = see(asked)
    assert "There is no confirmed case yet" in text
    assert "hx-get" not in text


def test_while_the_network_works_it_asks_again(see, paper_model, radiograph):
    text = see(radiograph)
    assert f'hx-get="{url_of(radiograph)}" hx-trigger="every 1s"' in text
    assert "appear here by themselves" in text


def test_when_no_prediction_is_on_its_way_it_does_not_ask_again(see, radiograph, failed):
    failed(radiograph)
    text = see(radiograph)
    assert "The network has not looked at this radiograph yet." in text
    assert "hx-get" not in text


def test_in_the_trash_it_is_still_shown_to_staff(see, case, asked, doctor):
    trash(radiograph=asked, by=doctor)
    assert case.get_absolute_url() in see(asked)


def test_it_speaks_spanish_by_default(actor, case, asked):
    assert "Casos confirmados parecidos" in text_of(actor("doctor").get(url_of(asked)))


def test_no_inline_code_or_style(see, case, asked):
    text = see(asked)
    for forbidden in (" style=", "<script", " onclick", "javascript:"):
        assert forbidden not in text
