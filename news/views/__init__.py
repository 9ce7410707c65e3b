"""Pages of the news room: posts for everybody, and messages to us."""
