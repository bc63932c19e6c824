"""Ground floor: errors as values, checked arrays, strict YAML, atomic files. Imports nothing of neurocmc."""
