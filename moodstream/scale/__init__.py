"""What `moodstream topics scale` does: more partitions for `events`, while it's learned from."""
