"""Where files come from besides the browser: a watched folder, and an archive of the hospital."""
