"""The night: the lake up to a watermark, checks, a candidate, its proof, a gate, a canary, and a verdict."""
