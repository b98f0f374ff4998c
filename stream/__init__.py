"""The shell around `online/learn`: Faust does groups, rebalances and supervision; the learner does the rest."""
