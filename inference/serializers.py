"""Predictions as the API shows them. Read only: nobody writes a prediction by hand."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from core.jobs import JobStatus
from images.serializers import RadiographSerializer
from inference.models import DeployedModel, Prediction, StageTimings
from inference.reasons import NOT_FRONTAL, sentence_of
from inference.similar import SimilarCases
from inference.timings import STAGES


class DeployedModelSerializer(serializers.ModelSerializer[DeployedModel]):
    """Which weights answered, exactly."""

    class Meta:
        model = DeployedModel
        fields = ("version", "sha256", "preprocessing", "extractor")
        read_only_fields = fields


class ErrorSerializer(serializers.Serializer[Any]):
    code = serializers.CharField(help_text=_("Stable, for programs."))
    sentence = serializers.CharField(help_text=_("One sentence in the language of the request."))


class EngineSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    device = serializers.CharField()
    precision = serializers.CharField(help_text=_("Of the arithmetic: fp32, bf16 or fp16."))
    version = serializers.CharField(help_text=_("Of the library that computed."))


class GateSerializer(serializers.Serializer[Any]):
    """How much the image is like a frontal chest radiograph."""

    similarity = serializers.FloatField(
        allow_null=True, help_text=_("Structural similarity to the mean radiograph, -1 to 1.")
    )
    score = serializers.FloatField(allow_null=True, help_text=_("Learned score, 0 to 1."))
    stopped = serializers.BooleanField(help_text=_("No prediction was made because of it."))
    overridden = serializers.BooleanField(help_text=_("A person asked for one all the same."))


class GateOverrideSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(
        min_length=10, max_length=300, help_text=_("Why it is a frontal chest radiograph.")
    )


class StagesSerializer(serializers.ModelSerializer[StageTimings]):
    class Meta:
        model = StageTimings
        fields = tuple(STAGES)
        read_only_fields = fields


class TimingsSerializer(serializers.Serializer[Any]):
    queued_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    milliseconds = serializers.IntegerField(allow_null=True, help_text=_("Of computation."))
    features_were_cached = serializers.BooleanField()
    stages = StagesSerializer(
        allow_null=True, help_text=_("Milliseconds of each stage, null where it was not needed.")
    )


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
    answers = serializers.ListField(
        child=serializers.CharField(),
        read_only=True,
        help_text=_("Codes of the classes that the model cannot rule out at its error rate."),
    )
    unsure = serializers.BooleanField(
        source="is_unsure",
        read_only=True,
        help_text=_("The model cannot decide: ask a doctor."),
    )
    threshold = serializers.FloatField(
        source="model.threshold", default=None, read_only=True, allow_null=True
    )
    model = DeployedModelSerializer(read_only=True, allow_null=True)
    engine = serializers.SerializerMethodField()
    gate = serializers.SerializerMethodField()
    error = serializers.SerializerMethodField()
    timings = serializers.SerializerMethodField()

    class Meta:
        model = Prediction
        fields = (
            "id", "radiograph", "target", "status", "label", "probability", "probabilities",
            "answers", "unsure", "threshold", "model", "engine", "gate", "error", "timings",
        )  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(EngineSerializer(allow_null=True))
    def get_engine(self, prediction: Prediction) -> Any:
        return prediction.engine or None

    @extend_schema_field(GateSerializer)
    def get_gate(self, prediction: Prediction) -> Any:
        return {
            "similarity": prediction.gate_similarity,
            "score": prediction.gate_score,
            "stopped": prediction.error_code == NOT_FRONTAL,
            "overridden": getattr(prediction, "gate_was_overridden", False),
        }

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
                "stages": getattr(prediction, "stages", None),
            }
        ).data


class SimilarCaseSerializer(serializers.Serializer[Any]):
    similarity = serializers.FloatField(
        min_value=-1, max_value=1, help_text=_("Cosine of the pooled features, -1 to 1.")
    )
    radiograph = RadiographSerializer()


class SimilarCasesSerializer(serializers.Serializer[Any]):
    results = SimilarCaseSerializer(source="cases", many=True)
    reason = serializers.SerializerMethodField()

    @extend_schema_field(ErrorSerializer(allow_null=True))
    def get_reason(self, found: SimilarCases) -> dict[str, str] | None:
        if found.cases:
            return None
        return {"code": found.reason, "sentence": str(found.sentence)}
