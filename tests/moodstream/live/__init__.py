"""The check that what is served is what is measured."""
