"""Writing in the picture itself: found here, judged by a person (images.services.redaction)."""

from images.burned_in.cuttings import cuttings
from images.burned_in.detector import Box, find_writing

__all__ = ["Box", "cuttings", "find_writing"]
