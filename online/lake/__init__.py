"""Enriched events kept for training and questions: Parquet by arrival hour, in files of fixed offset ranges."""
