"""Training and proof: data sets, the training script, publishing bundles."""
