"""How fast the engine and the platform are, measured: `make bench` (see README.md here)."""
