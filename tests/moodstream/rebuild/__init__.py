"""Redis lost whole, and made again."""
