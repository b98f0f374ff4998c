"""The Kinesis adapter."""
