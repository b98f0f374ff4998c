"""Hostile requests by the thousand: no 500, no crash, no growth of memory."""
