"""Moodstream's command line and the local stack: Kafka, Redis and the programs on one machine, without Docker."""
