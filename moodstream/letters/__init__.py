"""Dead letters for the person who looks after them: read, chosen, repaired, sent again."""
