"""The card of a version: its facts, and how they are written for people and programs."""
