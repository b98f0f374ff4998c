"""Data sets as people have them, brought into the plain form: what is understood, what is wrong, and the result."""
