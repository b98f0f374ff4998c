"""The scheme "Once" of the product's own learner and store, explored by hypothesis; and what holds between versions."""
