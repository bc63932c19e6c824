"""The filter in front of a vision transformer."""
