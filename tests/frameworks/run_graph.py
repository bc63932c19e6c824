"""Runs any NIR graph in a framework, as its own import makes it, and records every spiking node.

    python run_graph.py TOOL GRAPH.nir INPUT.npz OUT.npz [--dt 1e-3] [--reset zero|subtract] [--float64]

TOOL is norse, sinabs or snntorch. INPUT.npz holds `input` (trials, ticks, channels); OUT.npz gets `spikes/<node>`
(trials, ticks, units), the nodes of subgraphs as `spikes/<graph>.<node>`. --dt, --reset and --float64 are Norse's
alone. Exits with a sentence where the framework cannot run the graph, as snnTorch 1.0.0 cannot run a recurrent one
(see snntorch_driver.py).
"""

import argparse
import contextlib
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import digits
import nir
import numpy as np
import torch
from nirtorch.utils import sanitize_name

SPIKING = (nir.IF, nir.LIF, nir.CubaLIF)


def spiking_nodes(graph: nir.NIRGraph, prefix: str = "", path: str = "") -> Iterator[tuple[str, str]]:
    """The name of each spiking node, and where its module stands."""
    for name, node in graph.nodes.items():
        if isinstance(node, nir.NIRGraph):
            yield from spiking_nodes(node, f"{prefix}{name}.", f"{path}{sanitize_name(name)}.")
        elif isinstance(node, SPIKING):
            yield f"{prefix}{name}", f"{path}{sanitize_name(name)}"


class Recorder:
    """What the spiking modules of a network have given, by node."""

    def __init__(self, module: torch.nn.Module, graph: nir.NIRGraph) -> None:
        self.seen: dict[str, list[torch.Tensor]] = {}
        for name, path in spiking_nodes(graph):
            own = self.seen.setdefault(name, [])
            module.get_submodule(path).register_forward_hook(lambda _m, _x, out, own=own: own.append(first(out)))

    def by_tick(self) -> dict[str, torch.Tensor]:
        """(trials, ticks, units) where each call was a tick."""
        return {name: torch.stack(seen, 1).flatten(2) for name, seen in self.seen.items()}


def first(out: Any) -> torch.Tensor:
    return out[0] if isinstance(out, tuple) else out


def run_norse(graph: nir.NIRGraph, spikes: torch.Tensor, options: argparse.Namespace) -> dict[str, torch.Tensor]:
    import norse.torch
    from norse.torch.functional.reset import reset_subtract, reset_value
    from norse_driver import float64

    reset = {"zero": reset_value, "subtract": reset_subtract}[options.reset]
    with float64() if options.float64 else contextlib.nullcontext():
        module = norse.torch.from_nir(graph, reset_method=reset, dt=options.dt)
        recorder, state = Recorder(module, graph), None
        for tick in range(spikes.shape[1]):
            _, state = module(spikes[:, tick], state)
    return recorder.by_tick()


def run_snntorch(graph: nir.NIRGraph, spikes: torch.Tensor, _options: argparse.Namespace) -> dict[str, torch.Tensor]:
    from snntorch.import_nir import import_from_nir

    module = import_from_nir(graph)
    recorder, state = Recorder(module, graph), None
    for tick in range(spikes.shape[1]):
        _, state = module(spikes[:, tick], state)
    return recorder.by_tick()


def run_sinabs(graph: nir.NIRGraph, spikes: torch.Tensor, _options: argparse.Namespace) -> dict[str, torch.Tensor]:
    import sinabs.nir

    trials, ticks = spikes.shape[:2]
    module = sinabs.nir.from_nir(graph, batch_size=trials)
    recorder = Recorder(module, graph)
    module(spikes.flatten(0, 1))
    return {name: seen[0].reshape(trials, ticks, -1) for name, seen in recorder.seen.items()}


RUNS = {"norse": run_norse, "sinabs": run_sinabs, "snntorch": run_snntorch}


def shaped(graph: nir.NIRGraph, channels: np.ndarray) -> torch.Tensor:
    """(trials, ticks, ...) in the shape of the graph's input."""
    node = next(node for node in graph.nodes.values() if isinstance(node, nir.Input))
    shape = np.asarray(next(iter(node.input_type.values()))).tolist()
    return torch.from_numpy(channels).reshape(*channels.shape[:2], *shape)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tool", choices=RUNS)
    for name in ("graph", "input", "out"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--dt", type=float, default=1e-3)
    parser.add_argument("--reset", choices=("zero", "subtract"), default="zero")
    parser.add_argument("--float64", action="store_true")
    options = parser.parse_args()
    digits.deterministic(0)
    warnings.simplefilter("ignore", DeprecationWarning)  # of nirtorch, which Norse and sinabs call by its old names
    graph = nir.read(options.graph)
    spikes = shaped(graph, np.load(options.input)["input"])
    with torch.no_grad():
        try:
            found = RUNS[options.tool](graph, spikes.double() if options.float64 else spikes.float(), options)
        except (TypeError, ValueError, AssertionError, NotImplementedError, AttributeError) as error:
            raise SystemExit(
                f"{options.tool} cannot run {options.graph.name}: {type(error).__name__}: {error}"
            ) from None
    arrays = {f"spikes/{name}": value.numpy().astype(np.uint8) for name, value in found.items()}
    np.savez_compressed(options.out, **arrays)


if __name__ == "__main__":
    main()
