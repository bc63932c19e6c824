"""Writes a readable Brian2 script of the spiking network, with its arrays beside it.

emit  writes the script, its arrays and its stimuli
"""

from neurocmc.backends.brian2.emit import emit_brian2
from neurocmc.backends.files import stimulus_file

__all__ = ["emit_brian2", "stimulus_file"]
