"""Readers: what a user brings (a checkpoint, a circuit in YAML) becomes a RateCircuit, checked, or an InputError."""
