"""Every state and every count made again from the lake and Kafka, after Redis was lost."""
