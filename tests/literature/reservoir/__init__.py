"""Reservoirs of excitation and inhibition in balance."""
