"""`moodstream evaluate --live`: what is served through Kafka, Redis and HTTP, held against a replay in memory."""
