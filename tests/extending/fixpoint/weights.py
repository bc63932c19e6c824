"""A made-up export: the largest weight of each projection, a line each."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from neurocmc.ir.spiking import SpikingNetwork
from neurocmc.ir.stimulus import Stimulus
from neurocmc.pipeline.exports.registry import Export


def _write(network: SpikingNetwork, stimuli: Mapping[str, Stimulus], path: Path) -> tuple[str, ...]:
    rows = [f"{p.source},{p.target},{float(np.abs(p.weight).max(initial=0.0)):.6g}" for p in network.projections]
    path.write_text("\n".join(["source,target,largest weight", *rows]) + "\n")
    return (f"{len(rows)} projections",)


EXPORT = Export(takes=SpikingNetwork, called="a spiking network", made_by="any target", folder=False, write=_write)
