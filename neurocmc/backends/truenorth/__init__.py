"""Writes corelet descriptions, and programs for RANC, the open simulator and FPGA flow of chips of this kind.

emit            writes the program folder: corelets, the host's spikes, and RANC's files where it can run them
corelets        writes cores, wiring and corelets as one JSON text
corelets_read   reads that text back
corelet_schema  describes its form
spike_files     writes and reads the spikes of the host
ranc            turns cores and their input into RANC's JSON
ranc_neurons    turns neurons into RANC's, or says why RANC has none such
ranc_read       reads RANC's files as cores and spikes
ranc_schema     describes their form
"""

from neurocmc.backends.files import CORELETS_FILE, stimulus_file
from neurocmc.backends.truenorth.corelets import corelets_text, write_corelets
from neurocmc.backends.truenorth.corelets_read import corelets_of, is_corelets, read_corelets
from neurocmc.backends.truenorth.emit import emit_host_spikes, emit_truenorth, spikes_of_neurons
from neurocmc.backends.truenorth.ranc import RancProgram, ranc_program
from neurocmc.backends.truenorth.ranc_neurons import ranc_problems
from neurocmc.backends.truenorth.ranc_read import RancInput, ranc_of, read_ranc
from neurocmc.backends.truenorth.ranc_schema import is_ranc
from neurocmc.backends.truenorth.spike_files import HostSpikes, read_host_spikes, write_host_spikes

__all__ = [
    "CORELETS_FILE",
    "HostSpikes",
    "RancInput",
    "RancProgram",
    "corelets_of",
    "corelets_text",
    "emit_host_spikes",
    "emit_truenorth",
    "is_corelets",
    "is_ranc",
    "ranc_of",
    "ranc_problems",
    "ranc_program",
    "read_corelets",
    "read_host_spikes",
    "read_ranc",
    "spikes_of_neurons",
    "stimulus_file",
    "write_corelets",
    "write_host_spikes",
]
