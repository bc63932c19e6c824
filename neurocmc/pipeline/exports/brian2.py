"""Exports the spiking network, in real numbers, as a Brian2 script; of any artifact, whatever its target."""

from collections.abc import Mapping
from pathlib import Path

from neurocmc.backends.brian2 import emit_brian2
from neurocmc.ir.spiking import SpikingNetwork
from neurocmc.ir.stimulus import Stimulus
from neurocmc.pipeline.exports.registry import Export


def _write(network: SpikingNetwork, stimuli: Mapping[str, Stimulus], folder: Path) -> tuple[str, ...]:
    emit_brian2(network, stimuli, folder)
    return (
        "run.py needs brian2 and numpy alone",
        "pools before any rounding, in real numbers",
    )


EXPORT = Export(takes=SpikingNetwork, called="a spiking network", made_by="any target", folder=True, write=_write)
