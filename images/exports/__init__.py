"""Labelled cases that leave the house: a streamed CSV, and a streamed ZIP of pictures and CSV."""

from images.exports.archive import zip_of
from images.exports.cases import csv_of, labelled
from images.exports.readme import readme

__all__ = ["csv_of", "labelled", "readme", "zip_of"]
