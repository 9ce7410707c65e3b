"""How pages name patients and results."""

from django import template

from accounts.models import User
from images import deidentification
from images.decoding.report import Element, elements_of
from images.models import GroundTruth, Patient, Radiograph
from images.models.target import ResultOfTest
from images.pseudonyms import pseudonym, sees_patient_codes

register = template.Library()


@register.filter
def named_for(patient: Patient, user: User) -> str:
    """The patient's code for staff of the institution, a pseudonym for researchers."""
    return patient.code if sees_patient_codes(user) else pseudonym(patient)


@register.filter
def truth_state(truth: GroundTruth) -> str:
    """`positive`, `negative`, `indeterminate` or `unknown`: the look of a ground truth badge."""
    if truth.is_indeterminate:
        return "indeterminate"
    if truth.target_class is None:
        return "unknown"
    is_positive = truth.target_class.is_positive
    return ResultOfTest.POSITIVE.value if is_positive else ResultOfTest.NEGATIVE.value


@register.filter
def truth_label(truth: GroundTruth) -> str:
    """The name of a class that is more than positive or negative; else empty."""
    known = truth.target_class
    return "" if known is None or known.test_result else known.name


@register.filter
def truth_test(truth: GroundTruth) -> str:
    """The confirming test, where the statement is its result and not a finding such as normal."""
    return "" if truth_label(truth) else truth.target.confirming_test


@register.filter
def known(truths: list[GroundTruth]) -> list[GroundTruth]:
    """Those that say something, be it that the test did not decide."""
    return [truth for truth in truths if truth.target_class is not None or truth.is_indeterminate]


@register.filter
def deidentified(radiograph: Radiograph) -> list[deidentification.Line]:
    """What was taken away at the door, in words."""
    return deidentification.lines_of(radiograph.deidentification)


@register.filter
def deidentified_elements(radiograph: Radiograph) -> list[Element]:
    """Each element of a DICOM file and what was done to it."""
    return elements_of(radiograph.deidentification)
