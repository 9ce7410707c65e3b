"""Radiographs and their ground truth as the API shows and reads them."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied

from accounts.models import Site, User
from accounts.roles import Capability
from images.filters import RT_PCR_RESULTS, RT_PCR_TARGET
from images.models import Radiograph, Sex, Target, TargetClass, View
from images.models.patient import CODE_MAX_LENGTH
from images.models.target import ResultOfTest
from images.pseudonyms import pseudonym, sees_patient_codes
from images.serializers_truth import StatementSerializer, TruthSerializer, reader_of
from images.services import TruthGiven, patient_of, truth_given

UNKNOWN = "unknown"
OLDEST_WRITTEN = 130  # people who write more mean something else


class TargetClassSerializer(serializers.ModelSerializer[TargetClass]):
    test_result = serializers.ChoiceField(
        choices=ResultOfTest.choices, allow_blank=True, read_only=True
    )

    class Meta:
        model = TargetClass
        fields = ("code", "name", "is_positive", "test_result")
        read_only_fields = fields


class TargetSerializer(serializers.ModelSerializer[Target]):
    """A question put to radiographs; `test_result` says what a class means for a two-way test."""

    classes = TargetClassSerializer(many=True, read_only=True)

    class Meta:
        model = Target
        fields = ("code", "name", "confirming_test", "classes")
        read_only_fields = fields


class RadiographSerializer(serializers.ModelSerializer[Radiograph]):
    """Researchers get a pseudonym for the patient's code, and no name of the uploader."""

    patient_code = serializers.SerializerMethodField()
    site = serializers.SlugRelatedField[Any](read_only=True, slug_field="code")
    uploader = serializers.SerializerMethodField()
    sex = serializers.ChoiceField(
        source="patient.sex", choices=Sex.choices, allow_blank=True, read_only=True
    )
    truth = TruthSerializer(source="current_truths", many=True, read_only=True)
    picture = serializers.HyperlinkedIdentityField(view_name="api-images-picture")

    class Meta:
        model = Radiograph
        fields: tuple[str, ...] = (
            "id", "created_at", "patient_code", "site", "uploader", "view", "acquired_on",
            "date_is_shifted", "age_years", "sex", "source", "width", "height",
            "display_low", "display_high", "pixel_sha256", "is_synthetic", "status", "truth",
            "picture",
        )  # fmt: skip
        read_only_fields = fields

    def get_patient_code(self, radiograph: Radiograph) -> str:
        patient = radiograph.patient
        return patient.code if sees_patient_codes(reader_of(self.context)) else pseudonym(patient)

    def get_uploader(self, radiograph: Radiograph) -> str | None:
        return str(radiograph.uploader) if sees_patient_codes(reader_of(self.context)) else None


class RadiographDetailSerializer(RadiographSerializer):
    """One radiograph with the history of its ground truth: every statement, newest first."""

    history = StatementSerializer(source="statements", many=True, read_only=True)

    class Meta(RadiographSerializer.Meta):
        fields = (*RadiographSerializer.Meta.fields, "history")
        read_only_fields = fields


class StoredRadiographSerializer(RadiographSerializer):
    """The answer to an upload. `duplicate`: the institution already had these pixels."""

    duplicate = serializers.SerializerMethodField()

    class Meta(RadiographSerializer.Meta):
        fields = (*RadiographSerializer.Meta.fields, "duplicate")
        read_only_fields = fields

    def get_duplicate(self, radiograph: Radiograph) -> bool:
        return bool(self.context["duplicate"])


class RadiographUploadSerializer(serializers.Serializer[Any]):
    """The parts of a multipart upload. What is not sent may come from a DICOM header."""

    file = serializers.FileField(
        allow_empty_file=True, help_text=_("One PNG, JPEG or DICOM file; its content decides.")
    )  # an empty file is refused by the decoder, with its own code
    patient_code = serializers.CharField(
        max_length=CODE_MAX_LENGTH,
        help_text=_("A pseudonym within the institution: never a name or a document number."),
    )
    sex = serializers.ChoiceField(choices=Sex.choices, allow_blank=True, default="")
    age_years = serializers.IntegerField(
        min_value=0, max_value=OLDEST_WRITTEN, allow_null=True, default=None
    )
    view = serializers.ChoiceField(choices=View.choices, allow_blank=True, default="")
    acquired_on = serializers.DateField(allow_null=True, default=None)
    rt_pcr = serializers.ChoiceField(
        choices=RT_PCR_RESULTS,
        default=UNKNOWN,
        help_text=_("Only doctors and administrators change it later."),
    )
    tested_on = serializers.DateField(allow_null=True, default=None)
    site = serializers.SlugField(
        required=False,
        help_text=_("Code of the institution; only administrators of the platform choose it."),
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        user = reader_of(self.context)
        says_truth = attrs["rt_pcr"] != UNKNOWN or attrs["tested_on"] is not None
        if says_truth and not user.can(Capability.STATE_TRUTH):
            raise PermissionDenied
        attrs["site"] = self._site_for(user, attrs.get("site", ""))
        return attrs

    def _site_for(self, user: User, code: str) -> Site:
        if user.site is None:
            site = Site.objects.filter(code=code).first()
        else:
            site = user.site if code in {"", user.site.code} else None
        if site is None:
            raise serializers.ValidationError({"site": [_("Name an institution of yours.")]})
        return site

    def to_service(self) -> dict[str, Any]:
        """Keyword arguments of `store_radiograph`, but for the uploader."""
        sent = self.validated_data
        facts = {name: sent[name] for name in ("view", "acquired_on", "age_years")}
        return facts | {
            "stream": sent["file"],
            "patient": patient_of(site=sent["site"], code=sent["patient_code"], sex=sent["sex"]),
            "truths": self._truths(),
        }

    def _truths(self) -> list[TruthGiven]:
        result, day = self.validated_data["rt_pcr"], self.validated_data["tested_on"]
        if result == UNKNOWN and day is None:
            return []
        target = Target.objects.get(code=RT_PCR_TARGET)
        return [truth_given(target=target, result=result, tested_on=day)]
