"""What ours is set beside: other people's software doing the same or less, each as a process of its own."""
