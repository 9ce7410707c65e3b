"""What can go wrong with files of numbers; messages name hashes and reasons, never patients."""

from __future__ import annotations


class WeightsRefused(Exception):
    """A file of convolution weights is not the one that features were made with."""


class WeightsUnavailable(Exception):
    """No source could give the convolution weights; the message has one line for each source."""


class ArtifactRefused(Exception):
    """A model artifact is unreadable, altered, or of a format that this version does not know."""


class NotConvertible(Exception):
    """An extractor's network stays on torch; the message says which part of it ncnn would need."""
