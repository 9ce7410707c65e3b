"""Predictions as the API shows them. Read only: nobody writes a prediction by hand."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from core.jobs import JobStatus
from inference.models import DeployedModel, Prediction
from inference.reasons import sentence_of


class DeployedModelSerializer(serializers.ModelSerializer[DeployedModel]):
    """Which weights answered, exactly."""

    class Meta:
        model = DeployedModel
        fields = ("version", "sha256", "preprocessing", "extractor")
        read_only_fields = fields


class ErrorSerializer(serializers.Serializer[Any]):
    code = serializers.CharField(help_text=_("Stable, for programs."))
    sentence = serializers.CharField(help_text=_("One sentence in the language of the request."))


class TimingsSerializer(serializers.Serializer[Any]):
    queued_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    milliseconds = serializers.IntegerField(allow_null=True, help_text=_("Of computation."))
    features_were_cached = serializers.BooleanField()


class PredictionSerializer(serializers.ModelSerializer[Prediction]):
    radiograph = serializers.PrimaryKeyRelatedField[Any](
        read_only=True, pk_field=serializers.UUIDField()
    )
    target = serializers.SlugRelatedField[Any](read_only=True, slug_field="code")
    label = serializers.CharField(  # type: ignore[assignment]  # taken for Field.label
        source="predicted_class.code", default=None, read_only=True, allow_null=True
    )
    probability = serializers.FloatField(
        read_only=True, allow_null=True, help_text=_("Of the positive class, calibrated, 0 to 1.")
    )
    probabilities = serializers.DictField(
        child=serializers.FloatField(), read_only=True, help_text=_("By class code, 0 to 1.")
    )
    threshold = serializers.FloatField(
        source="model.threshold", default=None, read_only=True, allow_null=True
    )
    model = DeployedModelSerializer(read_only=True, allow_null=True)
    error = serializers.SerializerMethodField()
    timings = serializers.SerializerMethodField()

    class Meta:
        model = Prediction
        fields = (
            "id", "radiograph", "target", "status", "label", "probability", "probabilities",
            "threshold", "model", "error", "timings",
        )  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(ErrorSerializer(allow_null=True))
    def get_error(self, prediction: Prediction) -> dict[str, str] | None:
        if prediction.status != JobStatus.FAILED:
            return None
        code = prediction.error_code
        return {"code": code, "sentence": str(sentence_of(code))}

    @extend_schema_field(TimingsSerializer)
    def get_timings(self, prediction: Prediction) -> Any:
        return TimingsSerializer(
            {
                "queued_at": prediction.created_at,
                "started_at": prediction.started_at,
                "finished_at": prediction.finished_at,
                "milliseconds": prediction.milliseconds,
                "features_were_cached": prediction.features_were_cached,
            }
        ).data
