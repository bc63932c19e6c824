"""Families and exports of other distributions: a made-up one, installed as it would be, and used from outside."""
