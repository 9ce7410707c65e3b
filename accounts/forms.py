"""The parsers of what people say about themselves, and of what administrators say about them."""

import re
from typing import Any

from allauth.account.forms import SignupForm as AllauthSignupForm
from django import forms
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts.models import ApiTokenScope, Site, User
from accounts.roles import Role
from accounts.services.tokens import LONGEST_DAYS, SHORTEST_DAYS

NOT_LISTED = "other"
# A quarantine is no archive.
LONGEST_KEPT_DAYS = 365
# After a year a test says nothing of a radiograph.
LONGEST_TRUTH_DAYS = 365
# Names are written into mails to other people: no addresses, no markup, no line breaks.
NOT_IN_A_NAME = re.compile(r"[<>@:/\\{}\x00-\x1f\x7f]")


def clean_name(value: str) -> str:
    """One line of a person's or institution's name; raises ValidationError for links and markup."""
    name = " ".join(value.split())
    if NOT_IN_A_NAME.search(name):
        raise ValidationError(_("Use letters, spaces and simple punctuation only."))
    return name


class SignupForm(AllauthSignupForm):  # type: ignore[misc]  # allauth has no types
    """Sign-up: who, where from, as what. An administrator decides about the last two."""

    field_order = (
        "email",
        "full_name",
        "institution",
        "institution_name",
        "requested_role",
        "password1",
        "password2",
    )

    full_name = forms.CharField(
        label=_("Full name"),
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    institution = forms.ChoiceField(label=_("Institution"))
    institution_name = forms.CharField(
        label=_("Name of your institution"),
        max_length=120,
        required=False,
        help_text=_("Only if it is not in the list. An administrator will look into it."),
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )
    requested_role = forms.ChoiceField(
        label=_("Role"),
        choices=[("", _("Choose a role")), *Role.choices],
        help_text=_("What you will do here. An administrator confirms it."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["institution"].choices = [
            ("", _("Choose an institution")),
            *((str(site.pk), site.name) for site in Site.objects.all()),
            (NOT_LISTED, _("Mine is not listed")),
        ]
        for name in ("email", "password1", "password2"):
            self.fields[name].widget.attrs.pop("placeholder", None)

    def clean_full_name(self) -> str:
        return clean_name(self.cleaned_data["full_name"])

    def clean_institution_name(self) -> str:
        return clean_name(self.cleaned_data["institution_name"])

    def clean(self) -> dict[str, Any]:
        super().clean()
        cleaned: dict[str, Any] = self.cleaned_data
        if cleaned.get("institution") != NOT_LISTED:
            cleaned["institution_name"] = ""
        elif not cleaned.get("institution_name") and "institution_name" not in self.errors:
            self.add_error("institution_name", _("Write the name of your institution."))
        return cleaned

    def try_save(self, request: HttpRequest) -> tuple[User | None, HttpResponse | None]:
        result: tuple[User | None, HttpResponse | None]
        try:
            with transaction.atomic():
                result = super().try_save(request)
        except IntegrityError:  # the same address signed up between our look and our write
            self.account_already_exists = True
            result = super().try_save(request)
        if self.account_already_exists:
            # No account is made, but the hash takes most of the time of making one: without it a
            # clock would tell that somebody uses the address.
            make_password(self.cleaned_data["password1"])
        return result

    def custom_signup(self, request: HttpRequest, user: User) -> None:
        cleaned = self.cleaned_data
        user.full_name = cleaned["full_name"]
        user.requested_role = cleaned["requested_role"]
        if cleaned["institution"] != NOT_LISTED:
            user.requested_site_id = cleaned["institution"]
        user.requested_site_name = cleaned["institution_name"]
        user.language = (get_language() or settings.LANGUAGE_CODE)[:2]
        user.save()


class ProfileForm(forms.ModelForm[User]):
    class Meta:
        model = User
        fields = ("full_name", "language")
        help_texts = {"language": _("Of the mail you get, and of a new browser.")}
        widgets = {"full_name": forms.TextInput(attrs={"autocomplete": "name"})}

    def clean_full_name(self) -> str:
        return clean_name(self.cleaned_data["full_name"])


class RoleForm(forms.Form):
    """A role and an institution, within what the administrator `by` may give."""

    role = forms.ChoiceField(label=_("Role"), choices=Role.choices)

    def __init__(self, data: QueryDict | None = None, *, person: User, by: User) -> None:
        initial = {
            "role": person.role or person.requested_role,
            "site": person.site_id or person.requested_site_id,
        }
        super().__init__(data, initial=initial)
        everywhere = _("The whole platform (administrators only)")
        self.fields["site"] = forms.ModelChoiceField(
            label=_("Institution"),
            queryset=Site.objects.visible_to(by),
            required=not by.is_platform_wide,
            empty_label=str(everywhere) if by.is_platform_wide else None,
        )


class SiteForm(forms.ModelForm[Site]):
    class Meta:
        model = Site
        fields = (
            "name", "code", "shares_with_researchers", "quota_megabytes", "person_quota_megabytes",
            "trash_days", "keep_source_days", "truth_days", "trains_undated",
        )  # fmt: skip
        help_texts = {
            "quota_megabytes": _(
                "Empty: no limit. Administrators of the whole platform change it."
            ),
            "person_quota_megabytes": _("Empty: no limit."),
            "trash_days": _("Empty: only people delete for good."),
            "keep_source_days": _(
                "0: a source file is not kept once its pixels are stored. Source files may hold "
                "names; only this institution's own administrators can open them."
            ),
            "truth_days": _(
                "Cases with more days between the two are kept, but no model is trained with them."
            ),
            "code": _("Short, for file names and commands: letters, digits and hyphens."),
            "shares_with_researchers": _(
                "Their images and results, never a patient's code. It can be taken back."
            ),
        }

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # A disabled field keeps its value, whatever is sent.
        self.fields["quota_megabytes"].disabled = not by.is_platform_wide
        # A form from before these rules, or a program, may leave it out.
        self.fields["keep_source_days"].required = False
        self.fields["truth_days"].required = False

    def clean_name(self) -> str:
        return clean_name(self.cleaned_data["name"])

    def clean_truth_days(self) -> int:
        days: int | None = self.cleaned_data["truth_days"]
        if days is None:
            return self.instance.truth_days
        if days > LONGEST_TRUTH_DAYS:
            raise ValidationError(_("At most %(days)d days."), params={"days": LONGEST_TRUTH_DAYS})
        return days

    def clean_keep_source_days(self) -> int:
        days: int = self.cleaned_data["keep_source_days"] or 0
        if days > LONGEST_KEPT_DAYS:
            raise ValidationError(_("At most %(days)d days."), params={"days": LONGEST_KEPT_DAYS})
        return days


class TokenForm(forms.Form):
    name = forms.CharField(
        label=_("Name"), max_length=80, help_text=_("What it is for, as a reminder.")
    )
    scope = forms.ChoiceField(label=_("Scope"), choices=ApiTokenScope.choices)
    days = forms.IntegerField(
        label=_("Days of life"), min_value=SHORTEST_DAYS, max_value=LONGEST_DAYS, initial=90
    )

    def clean_name(self) -> str:
        return " ".join(self.cleaned_data["name"].split())


class PeopleFilter(forms.Form):
    """The filters of the list of people; a value that cannot be read filters nothing."""

    STATUSES = {
        "waiting": Q(is_active=True, role=""),
        "active": Q(is_active=True) & ~Q(role=""),
        "closed": Q(is_active=False),
    }

    q = forms.CharField(
        label=_("Name or e-mail"),
        required=False,
        widget=forms.TextInput(attrs={"type": "search"}),
    )
    status = forms.ChoiceField(
        label=_("Status"),
        required=False,
        choices=[
            ("", _("All")),
            ("waiting", _("Waiting")),
            ("active", _("With a role")),
            ("closed", _("Closed")),
        ],
    )
    role = forms.ChoiceField(
        label=_("Role"), required=False, choices=[("", _("All")), *Role.choices]
    )

    def apply(self, people: QuerySet[User]) -> QuerySet[User]:
        self.is_valid()
        cleaned = self.cleaned_data
        if cleaned.get("q"):
            words = cleaned["q"].strip()
            people = people.filter(Q(full_name__icontains=words) | Q(email__icontains=words))
        if cleaned.get("status"):
            people = people.filter(self.STATUSES[cleaned["status"]])
        if cleaned.get("role"):
            people = people.filter(role=cleaned["role"])
        return people
