"""Tests of online/lake/."""
