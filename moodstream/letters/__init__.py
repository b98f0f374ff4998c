"""`moodstream dead-letters` at the terminal and in files; what letters are stands in `online.letters`."""
