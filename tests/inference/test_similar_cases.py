"""Which confirmed cases a person is shown: the index proposes, the database decides."""

import numpy as np
import pytest
from django.utils import translation

from accounts.models import User
from core.jobs import JobStatus
from images.models import Radiograph, Target
from images.services import trash
from images.services.upkeep import Changes, edit
from inference.models import Prediction
from inference.reasons import NOT_FRONTAL
from inference.similar import refresh, similar_cases
from inference.similar.search import NO_CASES, NO_FEATURES
from tests.factories import make_radiograph, state_truth
from tests.inference.similar_cases import keep_features, make_case, pooled, serve


@pytest.fixture
def asked(site, target) -> Radiograph:
    """A radiograph without ground truth, its features at 0 degrees, and a model that serves."""
    serve(target)
    radiograph = make_radiograph(site=site, seed=1, patient_code="P-asked")
    keep_features(radiograph, pooled(0))
    return radiograph


@pytest.fixture
def find(asked, doctor):
    """`find(viewer=doctor) -> list`: the keys of the similar cases after a refresh."""

    def found(viewer: User = doctor, *, refreshes: bool = True, **options):
        if refreshes:
            refresh()
        cases = similar_cases(radiograph=asked, viewer=viewer, **options).cases
        return [case.radiograph.pk for case in cases]

    return found


def reason(radiograph: Radiograph, viewer: User) -> str:
    return similar_cases(radiograph=radiograph, viewer=viewer).reason


def test_the_nearest_come_first(find, site):
    far, near, middle = (make_case(d, seed=s, site=site) for s, d in ((2, 80), (3, 20), (4, 50)))
    assert find() == [near.pk, middle.pk, far.pk]


def test_similarity_is_the_cosine(find, asked, doctor, site):
    make_case(60, seed=2, site=site)
    find()
    [case] = similar_cases(radiograph=asked, viewer=doctor).cases
    assert case.similarity == pytest.approx(0.5, abs=1e-3)


@pytest.mark.parametrize(
    ("degrees", "words"),
    [(20, "Very similar"), (30, "Similar"), (40, "Somewhat similar"), (170, "Hardly similar")],
)
def test_similarity_in_words(find, asked, doctor, site, degrees, words):
    make_case(degrees, seed=2, site=site)
    find()
    with translation.override("en"):
        assert similar_cases(radiograph=asked, viewer=doctor).cases[0].in_words == words


def test_there_are_at_most_as_many_as_wanted(find, site):
    cases = [make_case(10 * n, seed=n, site=site) for n in range(2, 6)]
    assert find(limit=2) == [case.pk for case in cases[:2]]


def test_the_same_patient_is_never_shown(find, site):
    make_case(20, seed=2, site=site, patient_code="P-asked")
    assert find() == []


def test_nor_a_patient_who_became_the_same_since(find, asked, site):
    case = make_case(20, seed=2, site=site)
    refresh()
    changes = Changes("P-asked", "", "", None, None, "", "")
    edit(radiograph=case, changes=changes)
    assert find(refreshes=False) == []


def test_the_same_pixels_elsewhere_are_no_case_of_their_own(find, other_site, administrator):
    make_radiograph(site=other_site, seed=1, rt_pcr="positive")
    assert find(administrator) == []


@pytest.mark.parametrize(("degrees", "shown"), [(7, 0), (9, 1)])
def test_the_same_film_saved_again_is_no_case_of_its_own(find, site, degrees, shown):
    make_case(degrees, seed=2, site=site)  # cosine 0.9925, 0.9877
    assert len(find()) == shown


@pytest.mark.parametrize("result", ["", "unknown"])
def test_what_is_not_confirmed_is_not_shown(find, site, result):
    make_case(20, seed=2, site=site, rt_pcr=result)
    assert find() == []


def test_a_target_that_is_asked_no_more_confirms_nothing(find, site, target):
    make_case(20, seed=2, site=site)
    Target.objects.filter(pk=target.pk).update(is_active=False)
    serve(Target.objects.filter(is_active=True).first())
    assert find() == []


def test_drawn_cases_stand_beside_drawn_ones_alone(find, asked, site):
    drawn = make_case(20, seed=2, site=site, is_synthetic=True)
    assert find() == []
    Radiograph.objects.filter(pk=asked.pk).update(is_synthetic=True)
    asked.refresh_from_db()
    assert find() == [drawn.pk]


def test_features_of_another_extractor_are_not_compared(find, site):
    other = make_radiograph(site=site, seed=2, rt_pcr="positive", patient_code="P-2")
    keep_features(other, pooled(20), extractor="another")
    assert find() == []


@pytest.mark.parametrize("vector", [np.zeros(512), np.full(512, np.nan), np.ones(7)])
def test_features_that_cannot_be_compared_are_passed_over(find, site, vector):
    odd = make_radiograph(site=site, seed=2, rt_pcr="positive", patient_code="P-2")
    keep_features(odd, vector)
    good = make_case(50, seed=3, site=site)
    assert find() == [good.pk]


@pytest.fixture
def stop(target):
    """`stop(radiograph)`: the gate finds that it is no frontal chest radiograph."""

    def fail(radiograph: Radiograph) -> None:
        Prediction.objects.filter(radiograph=radiograph).delete()
        Prediction.objects.create(
            radiograph=radiograph, target=target, status=JobStatus.FAILED, error_code=NOT_FRONTAL
        )

    return fail


def test_what_the_gate_stopped_is_no_case(find, site, stop):
    stop(make_case(20, seed=2, site=site))
    assert find() == []


def test_beside_what_the_gate_stopped_nothing_is_shown(find, asked, doctor, site, stop):
    make_case(20, seed=2, site=site)
    stop(asked)
    assert find() == []
    assert reason(asked, doctor) == NOT_FRONTAL


def test_what_was_vouched_for_and_answered_is_a_case(find, site, stop, predicted, target):
    case = make_case(20, seed=2, site=site)
    stop(case)
    predicted(case, 0.9, target.deployed_models.get())
    assert find() == [case.pk]


# --- rights ---------------------------------------------------------------------------------------


def test_staff_see_their_institution_and_administrators_all(
    find, site, other_site, doctor, health_worker, site_administrator, administrator
):
    own, foreign = make_case(20, seed=2, site=site), make_case(30, seed=3, site=other_site)
    for viewer in (doctor, health_worker, site_administrator):
        assert find(viewer) == [own.pk]
    assert find(administrator) == [own.pk, foreign.pk]


@pytest.mark.parametrize("shares", [True, False])
def test_researchers_see_other_institutions_that_share(find, site, other_site, researcher, shares):
    own, foreign = make_case(20, seed=2, site=site), make_case(30, seed=3, site=other_site)
    other_site.shares_with_researchers = shares
    other_site.save()
    assert find(researcher) == [own.pk, foreign.pk][: 1 + shares]


def test_people_who_wait_for_approval_see_nothing(find, site, pending):
    make_case(20, seed=2, site=site)
    assert find(pending) == []


def test_every_right_to_see_reaches_the_index(find, site, other_site, asked, request):
    # The index passes over institutions by a rule of its own: it must never be the stricter one.
    other_site.shares_with_researchers = True
    other_site.save()
    cases = [make_case(20, seed=2, site=site), make_case(30, seed=3, site=other_site)]
    for who in ("health_worker", "doctor", "researcher", "administrator", "site_administrator"):
        viewer = request.getfixturevalue(who)
        visible = Radiograph.objects.visible_to(viewer).filter(pk__in=[case.pk for case in cases])
        assert set(find(viewer)) == set(visible.values_list("pk", flat=True))


# --- an index that is late ------------------------------------------------------------------------


def put_away(case, doctor):
    trash(radiograph=case, by=doctor)


def delete(case, doctor):
    case.delete()


def withdraw(case, doctor):
    state_truth(case, "unknown")


@pytest.mark.parametrize("who", ["doctor", "researcher", "administrator"])
@pytest.mark.parametrize("change", [put_away, delete, withdraw])
def test_a_late_index_shows_nothing_that_is_gone(find, site, doctor, request, change, who):
    gone, other = make_case(20, seed=2, site=site), make_case(30, seed=3, site=site)
    refresh()
    change(gone, doctor)
    assert find(request.getfixturevalue(who), refreshes=False) == [other.pk]


def test_a_late_index_shows_the_corrected_truth(find, asked, doctor, site):
    case = make_case(20, seed=2, site=site, rt_pcr="positive")
    refresh()
    state_truth(case, "negative")
    [shown] = similar_cases(radiograph=asked, viewer=doctor).cases
    assert [truth.result for truth in shown.truths] == ["negative"]


def test_sharing_that_ended_counts_at_once(find, site, other_site, researcher):
    other_site.shares_with_researchers = True
    other_site.save()
    make_case(30, seed=3, site=other_site)
    refresh()
    other_site.shares_with_researchers = False
    other_site.save()
    assert find(researcher, refreshes=False) == []


def test_when_the_database_refuses_the_nearest_the_next_are_asked_for(find, site, doctor):
    cases = [make_case(10 + n, seed=n, site=site) for n in range(2, 16)]
    refresh()
    for case in cases[:-2]:
        trash(radiograph=case, by=doctor)
    assert find(refreshes=False, limit=2) == [case.pk for case in cases[-2:]]


# --- why there are none ---------------------------------------------------------------------------


def test_without_features_the_reason_is_told(target, radiograph, doctor):
    serve(target)
    assert reason(radiograph, doctor) == NO_FEATURES


def test_without_a_model_nothing_is_compared(radiograph, doctor):
    keep_features(radiograph, pooled(0))
    assert reason(radiograph, doctor) == NO_FEATURES


def test_without_an_index_the_reason_is_told(asked, doctor):
    assert reason(asked, doctor) == NO_CASES


def test_without_cases_the_reason_is_told(asked, doctor):
    refresh()
    assert reason(asked, doctor) == NO_CASES


def test_with_cases_there_is_no_reason(asked, doctor, site):
    make_case(20, seed=2, site=site)
    refresh()
    assert reason(asked, doctor) == ""


def test_the_number_of_queries_does_not_grow(
    asked, site, researcher, django_assert_max_num_queries
):
    state_truth(asked, "positive")
    for seed in range(2, 14):
        make_case(5 * seed, seed=seed, site=site)
    refresh()
    with django_assert_max_num_queries(6):
        assert len(similar_cases(radiograph=asked, viewer=researcher).cases) == 6
