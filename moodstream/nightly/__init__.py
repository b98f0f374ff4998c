"""`moodstream nightly`: a night at the terminal, its history, and the scheduler that begins nights by itself."""
