"""Where users' states and the aggregates live: one protocol, kept by Redis and by memory."""
