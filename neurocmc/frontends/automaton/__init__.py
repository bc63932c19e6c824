"""Cortical programs: state machines, memories, decisions and sequences as coupled soft winner-take-alls."""
