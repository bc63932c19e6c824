"""Loihi through Lava: a readable program of one LIF process, Sparse processes and host spikes."""

from neurocmc.backends.files import stimulus_file
from neurocmc.backends.loihi.emit import emit_encoded, emit_loihi

__all__ = ["emit_encoded", "emit_loihi", "stimulus_file"]
