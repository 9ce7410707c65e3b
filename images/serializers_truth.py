"""Ground truth as the API shows and reads it."""

from collections.abc import Mapping
from datetime import date
from typing import Any, cast

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from accounts.models import User
from images.models import GroundTruth, Target
from images.pseudonyms import sees_patient_codes
from images.services import NOT_SAID, ChangedMeanwhile, truth_given
from images.truth_days import days_between, sample_day


def reader_of(context: Mapping[str, Any]) -> User:
    return cast(User, context["request"].user)


class TruthSerializer(serializers.ModelSerializer[GroundTruth]):
    target = serializers.SlugRelatedField[Any](read_only=True, slug_field="code")
    result = serializers.CharField(
        read_only=True,
        help_text=_("positive, negative, indeterminate, unknown, or the code of a class"),
    )
    tested_on = serializers.SerializerMethodField(
        help_text=_("Day of the sample; for researchers moved like the day of the radiograph.")
    )
    days_between = serializers.SerializerMethodField(
        help_text=_("From the sample to the radiograph; negative where the radiograph came first.")
    )

    class Meta:
        model = GroundTruth
        fields: tuple[str, ...] = (
            "target", "result", "tested_on", "laboratory", "kit", "days_between", "id",
        )  # fmt: skip
        read_only_fields = fields

    def get_tested_on(self, truth: GroundTruth) -> date | None:
        if truth.tested_on is None or sees_patient_codes(reader_of(self.context)):
            return truth.tested_on
        return sample_day(truth.radiograph, truth.tested_on)

    def get_days_between(self, truth: GroundTruth) -> int | None:
        return days_between(truth.radiograph, truth)


class StatementSerializer(TruthSerializer):
    """One statement of the history. Researchers get no name and no reason.

    `was_taken` is false for one that came second, when another person had just changed the record.
    """

    entered_at = serializers.DateTimeField(source="created_at", read_only=True)
    entered_by = serializers.SerializerMethodField()
    reason = serializers.SerializerMethodField()
    was_taken = serializers.SerializerMethodField()

    class Meta(TruthSerializer.Meta):
        fields = (
            *TruthSerializer.Meta.fields, "is_current", "was_taken", "supersedes", "came_after",
            "entered_at", "entered_by", "reason",
        )  # fmt: skip
        read_only_fields = fields

    def get_entered_by(self, truth: GroundTruth) -> str | None:
        return str(truth.entered_by) if sees_patient_codes(reader_of(self.context)) else None

    def get_reason(self, truth: GroundTruth) -> str | None:
        return truth.reason if sees_patient_codes(reader_of(self.context)) else None

    def get_was_taken(self, truth: GroundTruth) -> bool:
        return truth.came_after_id is None


class TruthStatementSerializer(serializers.Serializer[Any]):
    target = serializers.SlugRelatedField[Any](
        slug_field="code", queryset=Target.objects.filter(is_active=True)
    )
    result = serializers.CharField(
        max_length=40,
        help_text=_("positive, negative, indeterminate, unknown, or the code of a class"),
    )
    tested_on = serializers.DateField(
        allow_null=True, default=None, help_text=_("Day on which the sample was taken.")
    )
    laboratory = serializers.CharField(
        max_length=120, allow_blank=True, required=False,
        help_text=_("What is not sent stays as it was for the same day of the sample."),
    )  # fmt: skip
    kit = serializers.CharField(max_length=120, allow_blank=True, required=False)
    reason = serializers.CharField(
        max_length=300, allow_blank=True, required=False, help_text=_("Why it is corrected.")
    )
    expected = serializers.UUIDField(
        allow_null=True, required=False,
        help_text=_(
            "The id of the statement that you saw as the current one, null for none. When another "
            "one stands by now, nothing is overwritten and the answer is 409."
        ),
    )  # fmt: skip


class TruthPatchSerializer(serializers.Serializer[Any]):
    """A new statement of ground truth; it supersedes the current one of the same target."""

    truth = TruthStatementSerializer()

    def to_service(self) -> dict[str, Any]:
        """Keyword arguments of `record_truth` from the statement. Raises Refused."""
        sent = dict(self.validated_data["truth"])
        expected = sent.pop("expected", NOT_SAID)
        given = truth_given(**sent)
        names = ("target", "target_class", "tested_on", "is_indeterminate", "laboratory", "kit")
        said = {name: getattr(given, name) for name in names}
        return said | {"reason": given.reason, "expected": expected}


class ChangedTruthSerializer(serializers.Serializer[Any]):
    """Another person was first: `current` stands, `attempt` is in the history and was not taken."""

    code = serializers.CharField(read_only=True)
    detail = serializers.CharField(read_only=True)
    current = StatementSerializer(read_only=True)
    attempt = StatementSerializer(read_only=True)

    @classmethod
    def body_of(cls, changed: ChangedMeanwhile, context: Mapping[str, Any]) -> Any:
        found = {
            "code": changed.code, "detail": str(changed.sentence),
            "current": changed.current, "attempt": changed.attempt,
        }  # fmt: skip
        return cls(found, context=dict(context)).data
