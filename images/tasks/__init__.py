"""What workers of the queue `default` do for the images room."""
