"""The whole loop on real parts."""
