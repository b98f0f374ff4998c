"""Tests of online/store/."""
