"""Tests of moodstream/drift/."""
