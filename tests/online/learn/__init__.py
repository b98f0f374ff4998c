"""Tests of online/learn/."""
