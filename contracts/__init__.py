"""What programs agree on: events, topics, settings, moods, shards and errors."""
