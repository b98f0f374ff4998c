"""The stack on one machine: a home folder, real Kafka and Redis, and a supervisor for every process."""
