"""What is predicted is data, not code: a row with its classes and its confirming test."""

from typing import Final

from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from core.models import Record

# The target whose confirming test is the RT-PCR (ships with 0002_targets).
RT_PCR_TARGET: Final = "covid-19"


class BilingualName(models.Model):
    """A name stored in both languages of the platform."""

    name_es = models.CharField(_("name in Spanish"), max_length=120)
    name_en = models.CharField(_("name in English"), max_length=120)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return self.name_en if (get_language() or "es").startswith("en") else self.name_es


class Target(BilingualName, Record):
    """A question put to a radiograph; a confirming test (RT-PCR, GeneXpert) has the last word.

    Labels, models and predictions belong to one target.
    """

    code = models.SlugField(_("code"), max_length=40, unique=True)
    confirming_test = models.CharField(_("confirming test"), max_length=60)
    position = models.PositiveSmallIntegerField(default=0)
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        ordering = ("position", "code")

    @property
    def positive_class(self) -> "TargetClass":
        return self.classes.get(is_positive=True)


class ResultOfTest(models.TextChoices):
    POSITIVE = "positive", _("Positive")
    NEGATIVE = "negative", _("Negative")


class TargetClass(BilingualName, Record):
    """One possible answer. Two-class targets also say which result of the test stands for it."""

    target = models.ForeignKey(Target, models.CASCADE, related_name="classes")
    code = models.SlugField(_("code"), max_length=40)
    position = models.PositiveSmallIntegerField(default=0)
    is_positive = models.BooleanField(default=False)
    test_result = models.CharField(
        max_length=10, choices=ResultOfTest.choices, blank=True, default=""
    )

    class Meta:
        ordering = ("target", "position")
        constraints = [
            models.UniqueConstraint(fields=["target", "code"], name="class_code_once_per_target"),
            models.UniqueConstraint(
                fields=["target"], condition=models.Q(is_positive=True), name="one_positive_class"
            ),
        ]
