"""neurocmc."""
