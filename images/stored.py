"""Reading back the pixels of a stored radiograph."""

from images.models import Radiograph
from images.radiograph import RadiographPixels
from images.storage import private_storage


def pixels_of(radiograph: Radiograph) -> RadiographPixels:
    """What is stored, bit by bit.

    Raises FileNotFoundError when the file is gone, OSError or ValueError when it is damaged.
    """
    with private_storage().open(radiograph.file.name or "") as stored:
        png = stored.read()
    try:
        return RadiographPixels.from_png(png, radiograph.display_low, radiograph.display_high)
    except SyntaxError as problem:  # Pillow's word for a chunk that is no chunk
        raise OSError("damaged PNG") from problem
