"""Tests on a real GPU; they are skipped where torch sees none."""
