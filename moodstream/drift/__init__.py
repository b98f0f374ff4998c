"""What `moodstream drift` shows: the signals of all partitions, their alarms, and a page to look at."""
