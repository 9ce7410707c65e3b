"""The one signal of this app. It is sent inside the transaction that stores the radiograph, so that
what others create for it (a queued prediction) commits with it or not at all."""

from django.dispatch import Signal

# Sent with `radiograph`: its pixels and row are stored, or it came back from the trash. `pixels`
# are its RadiographPixels where they are at hand, so that nobody decodes them again, else None.
image_ready = Signal()
