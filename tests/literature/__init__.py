"""Circuits of the literature: their equations, laws, families, studies and pages."""
