"""Writes programs for NeuroCoreX: the bytes of its serial line, and a script that sends them.

packets  writes and reads bytes
emit     writes a program, and reads it back
"""
