"""What is watched for drift in each partition of the log, learned with the watermark of the calibrator."""
