"""The faults harness: real Kafka, Redis, workers and API, broken on purpose, and a book of what must come of it."""
