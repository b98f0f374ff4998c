"""The API: the shell of HTTP around `online.answer`."""

from serving.server import serve

__all__ = ["serve"]
