"""Where candidates come from: one file a source, all of one protocol."""
