"""What is watched for drift."""
