"""The clinical record: Patient, Radiograph, what is asked (Target) and the answer (GroundTruth);
what comes in (UploadBatch), what goes out (Export), and how people work on it."""

from images.models.batch import FileOutcome, IncomingFile, PatientRule, UploadBatch
from images.models.bulk import BulkAction, BulkChange
from images.models.copies import CopyLink, Likeness, PictureSketch
from images.models.export import Export, ExportedRadiograph
from images.models.identity import PatientIdentity
from images.models.merge import PatientMerge
from images.models.patient import Patient, Sex
from images.models.radiograph import Radiograph, TextState, View
from images.models.redaction import Redaction
from images.models.saved import ListLayout, SavedFilter
from images.models.storage import QuarantinedSource, StorageFinding, StorageUse, SweepRound
from images.models.table import MetadataTable, TableKind
from images.models.target import Target, TargetClass
from images.models.truth import AppendOnly, GroundTruth

__all__ = [
    "AppendOnly",
    "BulkAction",
    "BulkChange",
    "CopyLink",
    "Export",
    "ExportedRadiograph",
    "FileOutcome",
    "GroundTruth",
    "IncomingFile",
    "Likeness",
    "ListLayout",
    "MetadataTable",
    "Patient",
    "PatientIdentity",
    "PatientMerge",
    "PatientRule",
    "PictureSketch",
    "QuarantinedSource",
    "Radiograph",
    "Redaction",
    "SavedFilter",
    "Sex",
    "StorageFinding",
    "StorageUse",
    "SweepRound",
    "TableKind",
    "Target",
    "TargetClass",
    "TextState",
    "UploadBatch",
    "View",
]
