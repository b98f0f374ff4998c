"""Nights by the clock and by alarm, and how they are told."""
