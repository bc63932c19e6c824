"""Exports the layered part of an integer network as `network.net`, for netx of lava-dl; refuses others."""

from collections.abc import Mapping
from pathlib import Path

from neurocmc.backends.loihi.netx import layered_part, write_netx
from neurocmc.common.errors import raise_infeasible
from neurocmc.ir.loihi.network import IntegerNetwork
from neurocmc.ir.stimulus import Stimulus
from neurocmc.pipeline.exports.registry import Export


def _write(network: IntegerNetwork, _stimuli: Mapping[str, Stimulus], path: Path) -> tuple[str, ...]:
    part = layered_part(network)
    if not part.layers:
        raise_infeasible(part.left_out)
    write_netx(path, part, network.name, network.tick_s)
    layers = [f"layer {index}: {', '.join(layer.populations)}" for index, layer in enumerate(part.layers, start=1)]
    return (*layers, *(f"left out: {problem.where}: {problem.what}" for problem in part.left_out))


EXPORT = Export(
    takes=IntegerNetwork, called="an integer network", made_by="loihi1 or loihi2", folder=False, write=_write
)
