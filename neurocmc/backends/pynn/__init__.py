"""Writes a spiking network as a program of PyNN, which NEST and Brian2 run alike.

emit       writes the script; its arrays and stimuli are those of the Brian2 program
sayable    says what of a network PyNN's cells cannot be
"""

from neurocmc.backends.pynn.emit import emit_pynn, synapses
from neurocmc.backends.pynn.sayable import sayable_problems

__all__ = ["emit_pynn", "sayable_problems", "synapses"]
