"""Dead letters, known once each however often they were written: read, chosen, repaired, sent again."""
