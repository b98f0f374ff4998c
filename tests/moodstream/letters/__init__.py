"""Dead letters, from the worker that sets them aside to the retry that makes them good."""
