"""The parsers of posts and of what visitors write."""

import re
from datetime import datetime
from typing import Any

from django import forms
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from news.models import ContactMessage, NewsPost

# XML has no way to write these, so one of them would take the whole feed down (XML 1.0, 2.2).
NOT_IN_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
LOCAL_MINUTE = "%Y-%m-%dT%H:%M"  # what <input type="datetime-local"> sends and shows


class Publication(models.TextChoices):
    DRAFT = "draft", _("Keep as a draft")
    NOW = "now", _("Publish")
    LATER = "later", _("Publish at the time below")


class NewsPostForm(forms.ModelForm[NewsPost]):
    """A post in both languages; `published_at` follows from the choice of `publication`."""

    publication = forms.ChoiceField(
        label=_("Publication"), choices=Publication.choices, widget=forms.RadioSelect
    )
    publish_at = forms.DateTimeField(
        label=_("Time of publication"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=LOCAL_MINUTE),
    )

    class Meta:
        model = NewsPost
        fields = ("title_es", "body_es", "title_en", "body_en", "is_pinned")
        widgets = {
            "title_es": forms.TextInput(attrs={"lang": "es"}),
            "title_en": forms.TextInput(attrs={"lang": "en"}),
            "body_es": forms.Textarea(attrs={"lang": "es", "rows": 10}),
            "body_en": forms.Textarea(attrs={"lang": "en", "rows": 10}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["publication"] = self._present_state()
        if self.instance.is_scheduled:
            self.initial["publish_at"] = self.instance.published_at

    def _present_state(self) -> Publication:
        if self.instance.is_scheduled:
            return Publication.LATER
        return Publication.NOW if self.instance.is_published else Publication.DRAFT

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        when = cleaned.get("publish_at")
        if cleaned.get("publication") == Publication.LATER and "publish_at" not in self.errors:
            if when is None:
                self.add_error("publish_at", _("Choose the time of publication."))
            elif when <= timezone.now():
                self.add_error("publish_at", _("This time has passed. Publish it now instead."))
        return cleaned

    def post(self) -> dict[str, Any]:
        """The arguments of `news.services.write_post`."""
        values = {name: self.cleaned_data[name] for name in self.Meta.fields}
        texts = {n: NOT_IN_XML.sub("", v) for n, v in values.items() if isinstance(v, str)}
        return values | texts | {"published_at": self._published_at()}

    def _published_at(self) -> datetime | None:
        choice = self.cleaned_data["publication"]
        if choice == Publication.DRAFT:
            return None
        if choice == Publication.LATER:
            when: datetime = self.cleaned_data["publish_at"]
            return when
        # A correction does not make an old post new.
        already = self.instance.published_at if self.instance.is_published else None
        return already or timezone.now()


class ContactForm(forms.ModelForm[ContactMessage]):
    """A message to us. `website` is left empty by people and filled in by machines."""

    website = forms.CharField(
        label=_("Leave this empty"),
        required=False,
        widget=forms.TextInput(attrs={"tabindex": "-1", "autocomplete": "off"}),
    )

    class Meta:
        model = ContactMessage
        fields = ("name", "email", "subject", "body")
        widgets = {
            "name": forms.TextInput(attrs={"autocomplete": "name"}),
            "email": forms.EmailInput(attrs={"autocomplete": "email"}),
            "body": forms.Textarea(attrs={"rows": 8}),
        }

    def __init__(self, *args: Any, person: User | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if person is not None:
            self.initial.update(name=person.full_name, email=person.email)

    def clean_name(self) -> str:
        return " ".join(self.cleaned_data["name"].split())

    def clean_subject(self) -> str:
        return " ".join(self.cleaned_data["subject"].split())

    @property
    def is_from_a_machine(self) -> bool:
        return bool(self.cleaned_data.get("website"))

    def message(self) -> dict[str, Any]:
        """The arguments of `news.services.send_message`."""
        return {name: self.cleaned_data[name] for name in self.Meta.fields}
