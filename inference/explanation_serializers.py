"""Heat maps as the API shows and asks for them."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.reverse import reverse

from core.jobs import JobStatus
from inference.explanations import sentence_of
from inference.models import Explanation, Method
from inference.serializers import ErrorSerializer


class ExplanationRequestSerializer(serializers.Serializer[Any]):
    method = serializers.ChoiceField(
        choices=Method.choices,
        help_text=_("grad-cam: 14 by 14 regions; fast-cam: 7 by 7, from the stored features."),
    )


class ExplanationSerializer(serializers.ModelSerializer[Explanation]):
    """A heat map: the regions that spoke for the positive class. Workers draw it."""

    prediction = serializers.PrimaryKeyRelatedField[Any](
        read_only=True, pk_field=serializers.UUIDField()
    )
    label = serializers.CharField(  # type: ignore[assignment]  # taken for Field.label
        source="prediction.target.positive_class.code",
        read_only=True,
        help_text=_("The class that the map speaks for: the positive one."),
    )
    model = serializers.CharField(source="prediction.model.version", read_only=True)
    is_empty = serializers.BooleanField(
        read_only=True, help_text=_("Done without a picture: no region speaks for the class.")
    )
    overlay = serializers.SerializerMethodField()
    url = serializers.SerializerMethodField()
    error = serializers.SerializerMethodField()

    class Meta:
        model = Explanation
        fields = (
            "id", "url", "prediction", "method", "method_version", "status", "label", "model",
            "is_empty", "overlay", "error", "created_at", "finished_at", "milliseconds",
        )  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(serializers.URLField())
    def get_url(self, explanation: Explanation) -> str:
        return self._address("api-explanations-detail", explanation)

    @extend_schema_field(serializers.URLField(allow_null=True))
    def get_overlay(self, explanation: Explanation) -> str | None:
        is_drawn = explanation.is_drawn
        return self._address("api-explanations-overlay", explanation) if is_drawn else None

    @extend_schema_field(ErrorSerializer(allow_null=True))
    def get_error(self, explanation: Explanation) -> dict[str, str] | None:
        if explanation.status != JobStatus.FAILED:
            return None
        code = explanation.error_code
        return {"code": code, "sentence": str(sentence_of(code))}

    def _address(self, name: str, explanation: Explanation) -> str:
        keys = [explanation.prediction_id, explanation.pk]
        return reverse(name, keys, request=self.context["request"])
