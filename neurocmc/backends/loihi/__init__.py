"""Writes a readable Lava program of one LIF process, Sparse processes and host spikes.

emit          writes the program, its arrays and its stimuli
emit_neurons  writes that of a network of single neurons
lava_limits   refuses what Lava's fixed-point models cannot hold
netx          writes the layered part of a network for lava-dl
readback      reads a program back and steps it
"""

from neurocmc.backends.files import stimulus_file
from neurocmc.backends.loihi.emit import emit_encoded, emit_loihi

__all__ = ["emit_encoded", "emit_loihi", "stimulus_file"]
