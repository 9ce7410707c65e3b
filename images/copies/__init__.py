"""Is this picture another one, saved again, resized, brightened or cropped? Pure arrays.

`sketch` makes what is kept of each picture, `likeness` compares a picture with sketches. Nothing
here is learnt but the medians of `sketch.MEDIANS`, which only spread the words evenly.
"""

from images.copies.likeness import COPY, Asked, Found, likely
from images.copies.sketch import BANDS, COEFFICIENTS, VERSION, Sketch, grey_square, sketched

__all__ = [
    "BANDS",
    "COEFFICIENTS",
    "COPY",
    "VERSION",
    "Asked",
    "Found",
    "Sketch",
    "grey_square",
    "likely",
    "sketched",
]
