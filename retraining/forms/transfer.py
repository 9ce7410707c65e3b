"""The file of a model as a person offers it, and keys of other installations."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from images.errors import StorageFull
from retraining.transfer import refusals
from retraining.transfer.package import MAX_PACKAGE_BYTES
from retraining.transfer.refusals import PackageRefused
from retraining.transfer.signing import KEY_LENGTH, is_hex

NOT_A_KEY = _("A public key has 64 digits from 0 to 9 and a to f: copy it as a whole.")
KEY_KNOWN = _("This key or this name is on the list already, or it is the key of this platform.")


class ImportForm(forms.Form):
    """For the browser's file dialog the ending matters; for us the content decides."""

    file = forms.FileField(
        label=_("File of the model"),
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": ".zip,application/zip"}),
    )
    accepts_unknown = forms.BooleanField(
        label=_("Take it in even if its signature is of an installation that is not trusted here"),
        help_text=_("Only when you know by another way where the file comes from."),
        required=False,
    )
    max_bytes = MAX_PACKAGE_BYTES

    def refuse(self, refusal: PackageRefused | StorageFull) -> None:
        """Show the sentence at the file. What was cut off is missing, but that is no mistake."""
        self.errors.pop("file", None)
        known = refusals.SENTENCES.get(refusal.code)
        self.add_error("file", str(known or getattr(refusal, "sentence", refusal.code)))

    def to_service(self) -> dict[str, Any]:
        """Keyword arguments of `request_import`, but for who."""
        given = self.cleaned_data
        return {"upload": given["file"].file, "accepts_unknown": given["accepts_unknown"]}


class KeyForm(forms.Form):
    name = forms.CharField(
        label=_("Name of the installation"), max_length=120,
        help_text=_("As you want to read it beside the models that come from there."),
    )  # fmt: skip
    public_key = forms.CharField(
        label=_("Public key"),
        max_length=200,
        help_text=_("64 digits. Compare the fingerprint with the people there, by telephone."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def clean_public_key(self) -> str:
        """Spaces and capitals are what copying makes of a key."""
        key = "".join(str(self.cleaned_data["public_key"]).split()).lower()
        if not is_hex(key, KEY_LENGTH):
            raise forms.ValidationError(str(NOT_A_KEY))
        return key

    def refuse(self) -> None:
        self.add_error("public_key", str(KEY_KNOWN))
