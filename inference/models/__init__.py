"""What is served and what it said: deployed models, cached features, predictions."""

from inference.models.deployed import DeployedModel, Duty
from inference.models.explanation import Explanation, Method
from inference.models.features import FeatureShard, FeatureVector
from inference.models.gate import GateOverride
from inference.models.missing import MissingSearch
from inference.models.prediction import Prediction, PredictionQuerySet, Urgency
from inference.models.reprediction import RePrediction
from inference.models.shadow import ShadowScore
from inference.models.standing import Standing, StandingOf
from inference.models.timings import StageTimings

__all__ = [
    "DeployedModel",
    "Duty",
    "Explanation",
    "FeatureShard",
    "FeatureVector",
    "GateOverride",
    "Method",
    "MissingSearch",
    "Prediction",
    "PredictionQuerySet",
    "RePrediction",
    "ShadowScore",
    "StageTimings",
    "Standing",
    "StandingOf",
    "Urgency",
]
