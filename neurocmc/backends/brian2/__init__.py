"""Writes a readable Brian2 script of a spiking network, with its arrays beside it.

emit          writes the script, its arrays and its stimuli
emit_neurons  writes those of a network of single neurons
"""

from neurocmc.backends.brian2.emit import emit_brian2
from neurocmc.backends.brian2.emit_neurons import emit_neurons
from neurocmc.backends.files import stimulus_file

__all__ = ["emit_brian2", "emit_neurons", "stimulus_file"]
