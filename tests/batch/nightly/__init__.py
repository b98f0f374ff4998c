"""The nightly loop, on a lake of its own."""
