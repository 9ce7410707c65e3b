"""Frozen lists of cases: who is in, on which side, and what speaks against training with them."""
