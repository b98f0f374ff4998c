"""What is claimed of speed and quality, each as a command with its baseline in the same run."""
