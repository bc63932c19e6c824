"""Recurrent networks that start from a connectome."""
