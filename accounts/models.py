"""People, the institutions they work for and the API tokens they made."""

from typing import Any, ClassVar, Self

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from knox.models import AbstractAuthToken

from accounts.audit_entry import AuditEntry, Deed
from accounts.roles import PLATFORM_WIDE, Capability, Role, capabilities_of
from core.models import Record

__all__ = ["ApiToken", "ApiTokenScope", "AuditEntry", "Deed", "Site", "User"]


class SiteQuerySet(models.QuerySet["Site"]):
    def visible_to(self, user: "User") -> Self:
        """Institutions that an administrator keeps: all of them, or the own one."""
        if not user.can(Capability.MANAGE_ACCOUNTS):
            return self.none()
        return self if user.is_platform_wide else self.filter(pk=user.site_id)


class Site(Record):
    """An institution. Patients, radiographs and people belong to one."""

    name = models.CharField(_("name"), max_length=120, unique=True)
    code = models.SlugField(_("code"), max_length=40, unique=True)
    shares_with_researchers = models.BooleanField(
        _("confirmed cases are shared with researchers of other institutions"), default=False
    )
    # Empty: no limit.
    quota_megabytes = models.PositiveIntegerField(
        _("room for radiographs, in megabytes"), null=True, blank=True
    )
    person_quota_megabytes = models.PositiveIntegerField(
        _("room for radiographs of each person, in megabytes"), null=True, blank=True
    )
    trash_days = models.PositiveSmallIntegerField(
        _("days after which the trash is emptied"), null=True, blank=True
    )
    keep_source_days = models.PositiveSmallIntegerField(
        _("days for which source files are kept, sealed"), default=0
    )
    # More days between sample and radiograph, and the case is not trained with.
    truth_days = models.PositiveSmallIntegerField(
        _("days that may lie between the sample and the radiograph of a training case"), default=14
    )
    trains_undated = models.BooleanField(
        _("cases without the day of the sample or of the radiograph may train"), default=True
    )

    objects = SiteQuerySet.as_manager()

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class UserQuerySet(models.QuerySet["User"]):
    def visible_to(self, user: "User") -> Self:
        """Those whom an administrator may see: everybody, or the people of the own institution."""
        if not user.can(Capability.MANAGE_ACCOUNTS):
            return self.none()
        if user.is_platform_wide:
            return self
        # Without `role=""` the people of the platform who once asked for this site would be in it.
        asked_for_it = models.Q(site=None, role="", requested_site=user.site)
        return self.filter(models.Q(site=user.site) | asked_for_it)

    def pending(self) -> Self:
        return self.filter(role="", is_active=True)

    def platform_wide_administrators(self) -> Self:
        return self.filter(role=Role.ADMINISTRATOR, site=None, is_active=True)

    def pending_first(self) -> Self:
        """Those who wait (proven addresses first), those who work here, those who may not enter."""
        turn = models.Case(
            models.When(is_active=False, then=2),
            models.When(role="", then=0),
            default=1,
            output_field=models.PositiveSmallIntegerField(),
        )
        rows = self.with_verified().annotate(turn=turn)
        return rows.order_by("turn", "-is_verified", "full_name", "email")

    def with_verified(self) -> Self:
        """Adds `is_verified`: the person proved that the e-mail address is theirs."""
        verified = EmailAddress.objects.filter(user=models.OuterRef("pk"), verified=True)
        return self.annotate(is_verified=models.Exists(verified))

    def administrators_of(self, site: Site | None) -> Self:
        platform_wide = models.Q(site=None)
        scope = platform_wide | models.Q(site=site) if site else platform_wide
        return self.filter(scope, role=Role.ADMINISTRATOR, is_active=True)


class UserManager(BaseUserManager.from_queryset(UserQuerySet)):  # type: ignore[misc]
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user: User = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save()
        return user

    def get_by_natural_key(self, email: str | None) -> "User":
        found: User = self.get(email__iexact=email)
        return found


class User(AbstractBaseUser, Record):
    """A person, known by e-mail. Without a role (not approved yet) nothing is open to them."""

    email = models.EmailField(_("e-mail address"), max_length=254)
    full_name = models.CharField(_("full name"), max_length=120)
    site = models.ForeignKey(
        Site,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="people",
        verbose_name=_("institution"),
    )
    role = models.CharField(_("role"), max_length=20, choices=Role.choices, blank=True, default="")
    requested_role = models.CharField(
        _("requested role"), max_length=20, choices=Role.choices, blank=True, default=""
    )
    requested_site = models.ForeignKey(
        Site,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("requested institution"),
    )
    requested_site_name = models.CharField(
        _("institution, in the person's own words"), max_length=120, blank=True, default=""
    )
    language = models.CharField(
        _("language"), max_length=5, choices=settings.LANGUAGES, default=settings.LANGUAGE_CODE
    )
    is_active = models.BooleanField(_("active"), default=True)
    waiting_since = models.DateTimeField(null=True, editable=False)
    approved_at = models.DateTimeField(null=True, editable=False)
    approved_by = models.ForeignKey(
        "self", models.SET_NULL, null=True, editable=False, related_name="+"
    )
    must_change_password = models.BooleanField(default=False)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["full_name"]
    objects: ClassVar[UserManager] = UserManager()

    class Meta:
        ordering = ("full_name", "email")
        constraints = [
            models.UniqueConstraint(Lower("email"), name="one_account_per_email"),
            models.CheckConstraint(
                name="only_administrators_without_site",
                condition=models.Q(role__in=["", Role.ADMINISTRATOR])
                | models.Q(site__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.full_name or self.email

    @property
    def is_approved(self) -> bool:
        return bool(self.role) and self.is_active

    @property
    def is_pending(self) -> bool:
        return not self.role and self.is_active

    @property
    def capabilities(self) -> frozenset[Capability]:
        if not self.is_active:
            return frozenset()
        own = capabilities_of(self.role)
        return own if self.is_platform_wide else own - PLATFORM_WIDE

    def can(self, capability: Capability) -> bool:
        return capability in self.capabilities

    @property
    def is_platform_wide(self) -> bool:
        """True for administrators of the whole platform, who belong to no institution."""
        return self.role == Role.ADMINISTRATOR and self.site_id is None


class ApiTokenScope(models.TextChoices):
    READ = "read", _("Read")
    WRITE = "write", _("Read and write")


class ApiToken(AbstractAuthToken):  # type: ignore[misc]  # knox has no types
    """A knox token (only its digest is stored) with a name, a scope and its last use."""

    name = models.CharField(_("name"), max_length=80)
    scope = models.CharField(
        _("scope"), max_length=10, choices=ApiTokenScope.choices, default=ApiTokenScope.READ
    )
    last_used_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ("-created",)

    def __str__(self) -> str:
        return self.name  # knox's own text holds the digest

    @property
    def is_expired(self) -> bool:
        return self.expiry is not None and self.expiry <= timezone.now()

    def allows_writing(self) -> bool:
        return self.scope == ApiTokenScope.WRITE

    def note_use(self) -> None:
        """Remember the last use, at most once a minute: polling must not become writing."""
        now = timezone.now()
        if self.last_used_at is None or (now - self.last_used_at).total_seconds() > 60:
            type(self).objects.filter(pk=self.pk).update(last_used_at=now)
