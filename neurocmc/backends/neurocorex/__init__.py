"""Writes programs for NeuroCoreX: the bytes of its serial line, and a script that sends them."""
