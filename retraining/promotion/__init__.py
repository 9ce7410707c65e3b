"""Whether a version may serve, what became of each attempt, and how pages and commands say so."""
