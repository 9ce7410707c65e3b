"""The signals of this app. Those that tell of a change are sent inside the transaction that makes
it, so that what others create for it (a queued prediction) commits with it or not at all. Those
that ask (`..._asked`) want an answer, and change nothing."""

from django.dispatch import Signal

# Sent with `radiographs` (a list): their pixels and rows are stored, or they came back from the
# trash. `pixels` maps the keys of those whose RadiographPixels are at hand to them, so that nobody
# decodes them again.
images_ready = Signal()

# Sent with `radiograph`, `pixels` and `before` (the old pixels' hash): a person covered part of a
# stored picture, so that whatever was computed from the old pixels is void. Receivers ask for
# predictions of the new ones.
pixels_replaced = Signal()

# Sent with `radiograph` and `truth`: a statement of ground truth (images.models.GroundTruth) became
# the current one of its target. Nothing is sent of a statement that came second.
truth_stated = Signal()

# Sent with `names` (of stored files, a list): which of them belong to a row? Receivers answer with
# those that they own; the sweeper removes what nobody owns.
owners_asked = Signal()

# Sent without anything: does anybody wait for what is computed from radiographs? Receivers answer
# True or False; what nobody waits for leaves the processor to them meanwhile.
waiting_asked = Signal()
