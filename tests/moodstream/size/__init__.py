"""Tests of moodstream/size."""
