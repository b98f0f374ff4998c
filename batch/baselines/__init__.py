"""Plain methods that the whole has to beat, each on the same events; `named.py` lists them."""
