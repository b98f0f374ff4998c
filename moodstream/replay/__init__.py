"""`moodstream replay`: a log learned once more, beside the live system, by one bundle or several."""
