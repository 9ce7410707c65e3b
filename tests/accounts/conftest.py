"""What of the images room the record of deeds speaks of."""

from tests.images.conftest import film  # noqa: F401
