"""The clinical record: Patient, Radiograph, what is asked (Target) and the answer (GroundTruth)."""

from images.models.patient import Patient, Sex
from images.models.radiograph import Radiograph, View
from images.models.target import Target, TargetClass
from images.models.truth import GroundTruth

__all__ = ["GroundTruth", "Patient", "Radiograph", "Sex", "Target", "TargetClass", "View"]
