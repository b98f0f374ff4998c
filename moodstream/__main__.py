"""`python -m moodstream` is the command `moodstream`."""

from moodstream.cli import main

main()
