"""Batches and their files as the API shows and reads them."""

from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.models import Site
from images import names
from images.bundles import MAX_FILES
from images.models import FileOutcome, IncomingFile, PatientRule, UploadBatch
from images.models.batch import BatchStatus
from images.models.patient import CODE_MAX_LENGTH
from images.serializers_truth import reader_of
from images.services.batches import MAX_FILES_AT_ONCE, Announced, Whole
from images.states import STATES, Progress, state_of
from images.verdicts import sentence_of

SHA256 = r"\A[0-9a-f]{64}\Z"


@extend_schema_field(OpenApiTypes.STR)
class NameField(serializers.Field[Any, Any, Any, Any]):
    """Any text: a name that cannot be kept is refused by its own row and not with all others."""

    def to_internal_value(self, data: Any) -> str:
        return data if isinstance(data, str) else ""

    def to_representation(self, value: Any) -> str:
        return str(value)


class BatchOpeningSerializer(serializers.Serializer[Any]):
    """A new batch. `client_key` is chosen by the client: the same one twice makes one batch."""

    client_key = serializers.UUIDField()
    patient_rule = serializers.ChoiceField(
        choices=PatientRule.choices, default=PatientRule.EACH_ITS_OWN
    )
    patient_code = serializers.CharField(
        max_length=CODE_MAX_LENGTH, allow_blank=True, default="",
        help_text=_("For the rule one: the patient of all files."),
    )  # fmt: skip
    site = serializers.SlugField(
        required=False,
        help_text=_("Code of the institution; only administrators of the platform choose it."),
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        user, code = reader_of(self.context), attrs.get("site", "")
        if user.site is None:
            attrs["site"] = Site.objects.filter(code=code).first()
        else:
            attrs["site"] = user.site if code in {"", user.site.code} else None
        if attrs["site"] is None:
            raise serializers.ValidationError({"site": [_("Name an institution of yours.")]})
        return attrs


class CountsSerializer(serializers.Serializer[Any]):
    receiving = serializers.IntegerField()
    waiting = serializers.IntegerField()
    checking = serializers.IntegerField()
    done = serializers.IntegerField(help_text=_("Stored, or unpacked."))
    duplicate = serializers.IntegerField(help_text=_("Was here already."))
    failed = serializers.IntegerField()
    cancelled = serializers.IntegerField()
    total = serializers.IntegerField()


class BytesSerializer(serializers.Serializer[Any]):
    received = serializers.IntegerField()
    total = serializers.IntegerField()


class BatchSerializer(serializers.Serializer[UploadBatch]):
    """A batch with its totals."""

    id = serializers.UUIDField(read_only=True)
    status = serializers.ChoiceField(choices=BatchStatus.choices, read_only=True)
    patient_rule = serializers.ChoiceField(choices=PatientRule.choices, read_only=True)
    patient_code = serializers.CharField(read_only=True)
    created_at = serializers.DateTimeField(read_only=True)
    counts = CountsSerializer(read_only=True)
    bytes = BytesSerializer(read_only=True)

    def to_representation(self, instance: UploadBatch) -> dict[str, Any]:
        progress = Progress.of(instance)
        return {
            "id": str(instance.pk),
            "status": instance.status,
            "patient_rule": instance.patient_rule,
            "patient_code": instance.patient_code,
            "created_at": instance.created_at.isoformat(),
            "counts": progress.counts,
            "bytes": progress.bytes,
        }


class AnnouncedFileSerializer(serializers.Serializer[Any]):
    name = NameField(
        allow_null=True, help_text=_("Relative path; kept sealed, and only you see it.")
    )
    size = serializers.IntegerField(min_value=0)
    sha256 = serializers.RegexField(SHA256)


class AnnouncementSerializer(serializers.Serializer[Any]):
    """Files that a client offers, 1 to 100."""

    files = serializers.ListField(
        child=AnnouncedFileSerializer(), min_length=1, max_length=MAX_FILES_AT_ONCE
    )

    def to_service(self) -> list[Announced]:
        files = self.validated_data["files"]
        return [Announced(sent["name"] or "", sent["size"], sent["sha256"]) for sent in files]


class FileRowSerializer(serializers.Serializer[IncomingFile]):
    """One file. `code` and `sentence` say why it failed; `name` is for its sender alone."""

    id = serializers.UUIDField(read_only=True)
    position = serializers.IntegerField(read_only=True)
    name = serializers.CharField(read_only=True)
    state = serializers.CharField(read_only=True)
    received = serializers.IntegerField(read_only=True)
    size = serializers.IntegerField(read_only=True)
    outcome = serializers.ChoiceField(choices=FileOutcome.choices, allow_blank=True, read_only=True)
    radiograph = serializers.UUIDField(read_only=True, allow_null=True)
    code = serializers.CharField(read_only=True)
    sentence = serializers.CharField(read_only=True)
    container = serializers.UUIDField(read_only=True, allow_null=True)

    def to_representation(self, instance: IncomingFile) -> dict[str, Any]:
        """Plain, for there may be hundreds."""
        state = state_of(instance)
        code = instance.error_code if state == "failed" else ""
        return {
            "id": str(instance.pk),
            "position": instance.position,
            "name": self._name(instance),
            "state": state,
            "received": self._received(instance),
            "size": instance.size,
            "outcome": instance.outcome,
            "radiograph": _key(instance.radiograph_id),
            "code": code,
            "sentence": str(sentence_of(code)) if code else "",
            "container": _key(instance.container_id),
        }

    def _name(self, file: IncomingFile) -> str:
        batch: UploadBatch = self.context["batch"]
        if batch.owner_id != reader_of(self.context).pk:
            return ""
        return names.shown_name(batch.site_id, bytes(file.sealed_name))

    def _received(self, file: IncomingFile) -> int:
        if file.received_at is not None:
            return file.size
        lengths: dict[str, int] = self.context["lengths"]
        return lengths.get(file.pk.hex, 0)


def _key(value: UUID | None) -> str | None:
    return None if value is None else str(value)


class RowsQuerySerializer(serializers.Serializer[Any]):
    """What a reader asks of the rows of a batch."""

    after = serializers.IntegerField(
        required=False, help_text=_("Position after which the page begins.")
    )
    changed_since = serializers.DateTimeField(
        required=False, help_text=_("What an earlier page said as asked_at.")
    )
    state = serializers.ChoiceField(choices=STATES, required=False)


class RowsSerializer(serializers.Serializer[Any]):
    """A page of rows. `after` is what to ask for next, null on the last page."""

    files = FileRowSerializer(many=True)
    after = serializers.IntegerField(allow_null=True)
    asked_at = serializers.DateTimeField()


class AnswersSerializer(serializers.Serializer[Any]):
    """A row for each file, in the order sent; code and sentence alone where there is none."""

    files = FileRowSerializer(many=True)


class BundleSerializer(serializers.Serializer[Any]):
    """Whole files, 1 to 64, and 16 MB together."""

    file = serializers.ListField(
        child=serializers.FileField(), max_length=MAX_FILES,
        help_text=_("The file name of each part is its relative path; only you see it."),
    )  # fmt: skip
    sha256 = serializers.ListField(
        child=serializers.CharField(), required=False,
        help_text=_("What each file should have, in the same order, to be checked."),
    )  # fmt: skip

    @staticmethod
    def files_of(sent: Any, uploaded: Any) -> list[Whole]:
        """Not by the fields above: a file that is refused is refused alone. Raises ValidationError
        where there is none, or not a hash for each."""
        files: list[Any] = uploaded.getlist("file")
        hashes: list[str] = sent.getlist("sha256")
        if not files:
            raise serializers.ValidationError({"file": [_("Send at least one file.")]})
        if len(hashes) not in {0, len(files)}:
            raise serializers.ValidationError({"sha256": [_("Send one for each file, or none.")]})
        return [
            Whole(file.name, file.content, sha256)
            for file, sha256 in zip(files, hashes or [""] * len(files), strict=True)
        ]


class ReceivedSerializer(serializers.Serializer[Any]):
    received = serializers.IntegerField(help_text=_("Bytes that are here: go on from there."))


class RetriedSerializer(serializers.Serializer[Any]):
    retried = serializers.IntegerField()
