"""The pages of the images room."""
