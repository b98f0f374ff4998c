"""Everything that learns or answers, and the state between them, so that evaluation runs the very code that serves."""
