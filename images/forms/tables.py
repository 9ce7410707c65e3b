"""The file of a table of metadata, as a person or a program sends it."""

from typing import Any, cast

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from accounts.models import Site, User
from images.forms.radiographs import RefusableForm
from images.models import UploadBatch
from images.tables import MAX_BYTES, TableRefused
from images.tables.reasons import TABLE_SENTENCES

# For the browser's file dialog only: the content decides.
ACCEPTED = (
    ".csv,.tsv,.txt,.xlsx,text/csv,"
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
)


class TableForm(RefusableForm):
    """A CSV or XLSX file, about the files of `batch` or about what is stored already."""

    FIELD_OF_REFUSAL = dict.fromkeys(("bad-name", *TABLE_SENTENCES), "file")

    file = forms.FileField(
        label=_("Table"),
        # Empty files go on to the reader, which has the better sentence.
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": ACCEPTED}),
    )
    site = forms.ModelChoiceField(
        label=_("Institution"), queryset=Site.objects.all(), empty_label=_("Choose one")
    )

    def __init__(self, *args: Any, user: User, batch: UploadBatch | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.batch = batch
        self.max_bytes = MAX_BYTES
        if batch or not user.is_platform_wide:
            del self.fields["site"]

    def to_service(self) -> dict[str, Any]:
        """Keyword arguments of `receive_table` and `plan_table`. Raises TableRefused."""
        file = cast("UploadedFile[Any]", self.cleaned_data["file"])
        if (file.size or 0) > MAX_BYTES:
            raise TableRefused("too-large-table", megabytes=MAX_BYTES // 2**20)
        chosen = self.batch.site if self.batch else self.cleaned_data.get("site") or self.user.site
        return {
            "content": file.read(),
            "by": self.user,
            # Only people of the whole platform have no institution, and they choose one.
            "site": cast(Site, chosen),
            "batch": self.batch,
        }
