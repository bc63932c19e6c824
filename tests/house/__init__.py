"""The house itself: what the source promises of its own shape, read from the source."""
