"""The maths that training and streaming share: encoder, items, scoring, ranker, and the bundle that carries them."""
