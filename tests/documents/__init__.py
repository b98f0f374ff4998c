"""The documents: what they say holds, and their blocks run."""
