"""What this room tells the rooms above it."""

from django.dispatch import Signal

# After the commit: the answers for `radiographs` (list of keys) stand elsewhere than before.
standings_changed = Signal()
