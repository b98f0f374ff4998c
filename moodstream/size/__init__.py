"""How large a deployment must be, and what it costs: from users, events, items and requests, by what was measured."""
