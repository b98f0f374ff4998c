"""Sources of events: each ends in the same topics, so that nothing downstream asks where an event came from."""
