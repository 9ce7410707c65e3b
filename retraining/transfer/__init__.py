"""Models between installations: a signed package, written here and verified there."""
