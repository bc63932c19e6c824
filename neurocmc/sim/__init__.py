"""One interpreter a level: rate circuit, LIF in real numbers (Brian2), LIF in a chip's integers (emulator)."""
