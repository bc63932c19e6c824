"""Shows what a NeuroCoreX holds: its budget, and its two matrices."""
