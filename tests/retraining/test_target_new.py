"""A question that an administrator defines."""

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from accounts.models import AuditEntry
from images.models import Target
from images.services import truth_given
from retraining import services
from retraining.services import NewClass
from retraining.services.targets import RESERVED
from retraining.urls import urlpatterns
from tests.images.conftest import SIGN_IN, WAITING, answer_of

pytestmark = pytest.mark.django_db
PLACE = "/retraining/targets/new/"
ACCESS = {
    "anonymous": SIGN_IN, "pending": WAITING, "health_worker": 403, "doctor": 403,
    "researcher": 403, "site_administrator": 403, "administrator": 200,
}  # fmt: skip


def sent(*codes: str, positive: int | str = 0, **changes) -> dict:
    values = {
        "code": "tuberculosis", "name_es": "Tuberculosis", "name_en": "Tuberculosis",
        "confirming_test": "GeneXpert", "positive": positive,
    }  # fmt: skip
    for number, code in enumerate(codes or ("tb", "no-tb")):
        for part in ("code", "name_es", "name_en"):
            values[f"class_{number}_{part}"] = code
    return values | changes


@pytest.mark.parametrize(("who", "expected"), ACCESS.items())
def test_who_may_see_it(actor, who, expected):
    assert answer_of(actor(who).get(PLACE)) == expected


@pytest.mark.parametrize(("who", "expected"), (ACCESS | {"administrator": 302}).items())
def test_who_may_define_one(actor, who, expected):
    assert answer_of(actor(who).post(PLACE, sent())) == expected
    assert Target.objects.filter(code="tuberculosis").exists() == (expected == 302)


def test_two_answers_stand_for_the_results_of_the_test(actor, administrator):
    answer = actor("administrator").post(PLACE, sent())
    assert answer.headers["Location"] == reverse("retraining:target", args=["tuberculosis"])
    target = Target.objects.get(code="tuberculosis")
    rows = target.classes.values_list("code", "test_result", "is_positive")
    assert list(rows) == [("tb", "positive", True), ("no-tb", "negative", False)]
    assert truth_given(target=target, result="positive").target_class.code == "tb"
    entry = AuditEntry.objects.get(subject="target", subject_id=target.pk)
    assert (entry.actor, entry.after["classes"]) == (administrator, ["tb", "no-tb"])


def test_more_answers_stand_for_themselves(actor):
    actor("administrator").post(PLACE, sent("a", "b", "c", positive=2))
    target = Target.objects.get(code="tuberculosis")
    assert [row.test_result for row in target.classes.all()] == ["", "", ""]
    assert target.positive_class.code == "c"
    assert target.position > Target.objects.get(code="covid-19").position


@pytest.mark.parametrize(
    ("data", "field"),
    [
        (sent(code="covid-19"), "code"), (sent(code="runs"), "code"), (sent(code="a b"), "code"),
        (sent("tb"), "class_1_code"), (sent("tb", "tb"), "__all__"), (sent(positive=5), "positive"),
        (sent(positive=""), "positive"), (sent(positive=9), "positive"),
        (sent(class_2_name_es="Otra"), "class_2_code"), (sent("tb", "no tb"), "class_1_code"),
        (sent(confirming_test=""), "confirming_test"),
    ],
)  # fmt: skip
def test_what_cannot_be(actor, data, field):
    answer = actor("administrator").post(PLACE, data)
    assert answer.status_code == 400
    assert field in answer.context["form"].errors
    assert Target.objects.count() == 2


@pytest.mark.parametrize(
    ("classes", "code"),
    [
        ([("a", True)], "classes"), ([(str(n), n == 0) for n in range(9)], "classes"),
        ([("a", False), ("b", False)], "positive"), ([("a", True), ("b", True)], "positive"),
        ([("a", True), ("a", False)], "class-twice"),
    ],
)  # fmt: skip
def test_the_service_refuses_them_too(administrator, classes, code):
    rows = [NewClass(each, each, each, is_positive=positive) for each, positive in classes]
    with pytest.raises(services.TargetRefused) as refused:
        services.create_target(
            code="new-one", name_es="x", name_en="x", confirming_test="x", classes=rows,
            by=administrator,
        )  # fmt: skip
    assert refused.value.code == code


def test_others_define_nothing(site_administrator):
    with pytest.raises(PermissionDenied):
        services.create_target(
            code="x", name_es="x", name_en="x", confirming_test="x", classes=[],
            by=site_administrator,
        )  # fmt: skip


def test_no_target_hides_behind_an_address_of_the_room():
    first = {str(each.pattern).split("/")[0] for each in urlpatterns}
    fixed = {word for word in first if word and not word.startswith("<")}
    assert fixed <= RESERVED
