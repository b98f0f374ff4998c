"""What learns: from a record of the log to a user's new state and new counts."""
