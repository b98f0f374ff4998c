"""Training and proof: data sets, the training script, what nights prove."""
