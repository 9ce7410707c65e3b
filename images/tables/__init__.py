"""Tables of metadata that come beside the files: bytes in, rows of checked values out.

Nothing here knows the database: who may say what, and of which radiograph, is decided by
`images.services.tables`.
"""

from images.tables.columns import LABELS, Field
from images.tables.reasons import MAX_BYTES, TableRefused
from images.tables.rows import Problem, ReadRow, ReadTable, read_table

__all__ = [
    "LABELS",
    "MAX_BYTES",
    "Field",
    "Problem",
    "ReadRow",
    "ReadTable",
    "TableRefused",
    "read_table",
]
