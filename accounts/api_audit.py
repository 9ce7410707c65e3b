"""The record of deeds over HTTP. Read only: rows come with the deeds themselves."""

from typing import ClassVar, cast

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.mixins import ListModelMixin
from rest_framework.viewsets import GenericViewSet

from accounts.audit_entry import AuditQuerySet
from accounts.audit_filters import AuditFilter
from accounts.models import AuditEntry, User
from accounts.roles import Capability


class AuditEntrySerializer(serializers.ModelSerializer[AuditEntry]):
    """One deed. `before` and `after` hold the values that changed; keys outlive what they name."""

    moment = serializers.DateTimeField(source="created_at")
    institution = serializers.CharField(
        source="site.code", allow_null=True, default=None, help_text=_("Its code.")
    )
    person = serializers.UUIDField(
        source="actor_id", allow_null=True, help_text=_("Null: the platform itself.")
    )
    name = serializers.CharField(source="actor.full_name", allow_null=True, default=None)
    role = serializers.CharField(help_text=_("As it was then."))

    class Meta:
        model = AuditEntry
        fields = (
            "id", "moment", "institution", "person", "name", "role", "deed", "subject",
            "subject_id", "patient_id", "before", "after", "way",
        )  # fmt: skip
        read_only_fields = fields


@extend_schema_view(
    list=extend_schema(
        summary=_("Who saw, entered, changed, exported or removed what"),
        description=_(
            "Newest first, for administrators: of their institution, or of all where they keep "
            "the whole platform. No patient code is in it."
        ),
    )
)
class AuditViewSet(ListModelMixin, GenericViewSet[AuditEntry]):
    capabilities: ClassVar[dict[str, Capability]] = {"list": Capability.READ_AUDIT}
    serializer_class = AuditEntrySerializer
    filterset_class = AuditFilter

    def get_queryset(self) -> AuditQuerySet:
        if getattr(self, "swagger_fake_view", False):
            return AuditEntry.objects.none()
        rows = AuditEntry.objects.visible_to(cast(User, self.request.user))
        return rows.select_related("actor", "site")
