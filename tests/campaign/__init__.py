"""Campaigns: many runs, the same bytes wherever they are done and whoever is killed meanwhile."""
