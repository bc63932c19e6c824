"""Compares numbers in prose with the tables that scripts wrote."""
