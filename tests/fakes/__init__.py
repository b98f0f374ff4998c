"""Fakes, under the file names of the real things."""
