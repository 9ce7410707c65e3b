"""Why a table, or one cell of it, was refused: tables from code to sentence."""

from typing import Final

from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from images.errors import SENTENCES as RECORD_SENTENCES
from images.errors import Refused

MAX_BYTES: Final = 10 * 2**20
MAX_ROWS: Final = 20_000
MAX_COLUMNS: Final = 50
# Of all parts of an XLSX file together, unpacked; 20,000 rows of 11 columns have 9 MB.
MAX_EXPANDED_BYTES: Final = 64 * 2**20
# Elements of the XML: each costs a reader microseconds and memory. A cell has two, or three.
MAX_TAGS: Final = 1_000_000
MAX_TAGS_OF_ROW: Final = 50_000
MAX_PARTS: Final = 500

TABLE_SENTENCES: Final = {
    "empty-table": _("The file is empty."),
    "too-large-table": _("The table is larger than {megabytes} MB, the most that is accepted."),
    "too-many-rows": _("The table has more than {rows} rows: send it in parts."),
    "too-many-columns": _("The table has more than {columns} columns."),
    "not-a-table": _("This file is not a CSV or XLSX table."),
    "old-excel": _("This is an old Excel file (.xls): save it as .xlsx or CSV."),
    "macros": _("The file holds macros: save it as .xlsx without macros, or as CSV."),
    "expands-too-much": _("The XLSX file unpacks to more than is accepted: save it as CSV."),
    "locked-table": _("The XLSX file is protected by a password: save it without."),
    "damaged-table": _("The table is damaged and cannot be read. Save it again."),
    "unclosed-quote": _("Row {row}: a quotation mark is opened or closed in the wrong place."),
    "no-known-columns": _(
        "The first row must name the columns. None of the names is known here: the template shows "
        "them."
    ),
    "column-twice": _("Two columns are for the same thing: {field}."),
    "no-rows": _("Below the names of the columns the table has no row."),
    "no-file-column": _("The table needs a column with the names of the files."),
    "no-address-column": _(
        "The table must say which radiographs it means: by their identifier, by your own "
        "identifier, or by patient code and date."
    ),
    "no-patient-column": _(
        "The table must say whose samples these were: it needs a column with the patient code, "
        "your own identifier or the identifier of the radiograph."
    ),
    "no-sample-column": _("The table needs a column with the date of the sample."),
    "no-result-column": _("The table needs a column with the result."),
}

CELL_SENTENCES: Final[dict[str, Promise]] = {
    "bad-date": _("This is not a date: write day/month/year, for example 31/05/2020."),
    "date-too-early": _("The date is before 1950: check the year."),
    "bad-sex": _("The sex is not F, M or O, nor a word for one of them."),
    "doubtful-sex": _(
        "Where H is used in the same column, M may mean a woman or a man: write the whole word."
    ),
    "bad-age": _("The age is not a number of years from 0 to 130."),
    "bad-view": _("The view is not PA, AP, AP supine or lateral."),
    "bad-result": _(
        "The result is not a known word for positive, negative, indeterminate or unknown."
    ),
    "bad-own-id": _(
        "Your own identifier holds only letters, digits and . _ - / (64 at most), with one digit "
        "at least: never a name."
    ),
    "bad-source": _("The source has more than 80 characters, or some that cannot be shown."),
    "bad-id": _("This is not the identifier of a radiograph."),
    "bad-file-name": _("This is not the name of a file."),
    "no-file-name": _("The row names no file."),
    "no-address": _("The row does not say which radiograph it means."),
    "no-such-file": _("No file of the batch has this name."),
    "several-files": _(
        "Several files have this name: write the folder too, as in folder/film.png."
    ),
    "no-such-radiograph": _("There is no such radiograph among those that you may change."),
    "several-radiographs": _(
        "Several radiographs fit this row: use the column with the identifier of the radiograph."
    ),
    "named-twice": _("The table names this radiograph more than once (rows {rows}): keep one row."),
    "two-sexes": _("The table gives two sexes to this patient (rows {rows})."),
    "may-not-state": _("You may not change this test result: a doctor may."),
    "test-date-alone": _("The date of a test is given, but no result."),
    "is-archive": _("This is a ZIP archive: name the files inside it."),
    "is-gone": _("The radiograph of this file was deleted, or is in the trash."),
    "not-yours": _("This radiograph was here already, and you may not change it."),
    "being-checked": _("The file is being checked right now: apply the table again in a moment."),
    "bad-laboratory-result": _(
        "The result is not a known word for positive, negative or indeterminate. Leave rows out "
        "that have no result yet."
    ),
    "bad-laboratory": _(
        "The name of the laboratory has more than 120 characters, or some that cannot be shown."
    ),
    "bad-kit": _("The test kit has more than 120 characters, or some that cannot be shown."),
    "no-sample-date": _("The row does not say when the sample was taken."),
    "no-result": _("The row gives no result."),
    "no-patient": _("The row names neither a patient nor a radiograph."),
    "no-such-patient": _("The institution has no patient with this code."),
    "no-radiograph": _("This patient has no radiograph that you may change."),
    "no-near-radiograph": _(
        "This patient has no radiograph within {days} days of the sample: check the date, or name "
        "the radiograph."
    ),
    "undated-radiographs": _(
        "This patient has several radiographs and the sample is near none with a date: name the "
        "radiograph by its identifier."
    ),
    "other-patient": _("This radiograph belongs to another patient than the row says."),
    "rows-contradict": _(
        "These rows give different results for one radiograph (rows {rows}): keep the right one, "
        "or name in each row the radiograph that it is about."
    ),
    "radiograph-changed": _(
        "The patient or the date of this radiograph changed after the dry run: send the table "
        "again."
    ),
    "recorded-meanwhile": _(
        "Somebody recorded another result after the dry run. It stands; what the table says is "
        "kept in the history beside it."
    ),
}


def cell_sentence(code: str) -> Promise:
    """The sentence of a code of this module, or of a refusal of the record. Raises KeyError."""
    return CELL_SENTENCES.get(code) or RECORD_SENTENCES[code]


class TableRefused(Refused):
    """The file as a whole cannot be used; nothing of it is kept.

    `code` is a stable slug of TABLE_SENTENCES; the sentence holds nothing out of the file but the
    number of a row.
    """

    def __init__(self, code: str, **words: object) -> None:
        Exception.__init__(self, code)
        self.code = code
        self.sentence = format_lazy(TABLE_SENTENCES[code], **words)


class BadCell(Exception):
    """A cell that cannot be read; `code` is one of `cell_sentence`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
