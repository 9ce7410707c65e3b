"""The confirmed cases most like a radiograph, by the pooled features of the network in service.

Cosine of the spatial means of the last feature map, exact, over one memory-mapped file for each
extractor. The file only proposes; the database decides what a person is shown (`search`).
"""

from inference.similar.search import SimilarCase, SimilarCases, similar_cases
from inference.similar.upkeep import refresh, refreshed_within

__all__ = ["SimilarCase", "SimilarCases", "refresh", "refreshed_within", "similar_cases"]
