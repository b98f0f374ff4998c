"""Tests of batch/."""
