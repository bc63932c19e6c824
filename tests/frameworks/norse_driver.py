"""Trains the weights of a recurrent CubaLIF graph in Norse, as norse.torch.from_nir builds it, and records it.

    python norse_driver.py FOLDER [--epochs 30] [--seed 0]

writes FOLDER/graph.nir, FOLDER/record.npz and FOLDER/record64.npz (see snntorch_driver.py), both recorded from the
written file. The time constants are drawn by the seed and stay; what is learned are weights and biases.

Traps of Norse 1.1.0 and nirtorch 2.6, read in their sources:

- norse.torch.to_nir cannot write this network: it has no node for the module that from_nir makes of a CubaLIF, and
  its time constants are dt / tau_mem_inv, which is dt times the time constant. So the graph is made here by nir, and
  takes the trained weights back.
- nirtorch's executor walks the graph depth first, in the order of the file's edges, and returns what the node that
  comes last in it has, which may be the loop. Spikes are taken by hooks on the modules.
- A loop's module is not called before its first spikes are there: its bias is missing in tick 0.
- r of LIF and IF is ignored (with a warning); of CubaLIF it is used, and w_in, and v_leak, the latter twice.
- Its parameters are float32 whatever the file has, and stay so under module.double().
"""

import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import digits
import nir
import norse.torch
import numpy as np
import torch
from norse.torch.utils import import_nir

HIDDEN = 48
DT_S = 1e-3
LAYERS = {"hidden": "hidden_lif", "output": "out"}  # nirtorch puts _ for a dot


def initial_graph(seed: int) -> nir.NIRGraph:
    """A graph with weights as torch draws them; gains are far from 1, so that what ignores them is found out."""
    rng = np.random.default_rng(seed)

    def linear(sources: int, targets: int, scale: float) -> nir.Affine:
        drawn = torch.nn.Linear(sources, targets)
        return nir.Affine(scale * drawn.weight.detach().numpy(), scale * drawn.bias.detach().numpy())

    def neurons(size: int) -> nir.CubaLIF:
        return nir.CubaLIF(
            tau_syn=rng.uniform(2e-3, 5e-3, size),
            tau_mem=rng.uniform(5e-3, 15e-3, size),
            r=rng.uniform(6, 9, size),
            w_in=rng.uniform(2, 4, size),
            v_leak=np.zeros(size),
            v_threshold=rng.uniform(0.9, 1.1, size),
        )

    nodes = {
        "input": nir.Input(np.array([digits.CHANNELS])),
        "fc1": linear(digits.CHANNELS, HIDDEN, 1.5),
        "hidden.lif": neurons(HIDDEN),
        "hidden.w_rec": linear(HIDDEN, HIDDEN, 0.5),
        "fc2": linear(HIDDEN, digits.CLASSES, 1.0),
        "out": neurons(digits.CLASSES),
        "output": nir.Output(np.array([digits.CLASSES])),
    }
    edges = [
        ("input", "fc1"),
        ("fc1", "hidden.lif"),
        ("hidden.lif", "hidden.w_rec"),
        ("hidden.w_rec", "hidden.lif"),
        ("hidden.lif", "fc2"),
        ("fc2", "out"),
        ("out", "output"),
    ]
    return nir.NIRGraph(nodes, edges)


def loaded(graph: nir.NIRGraph) -> torch.nn.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # nirtorch.load, which Norse uses
        return norse.torch.from_nir(graph, dt=DT_S)


@contextmanager
def float64() -> Iterator[None]:
    """What from_nir reads in float64: it calls .float() on everything, tuples of parameters among them."""
    own = import_nir._to_tensor
    import_nir._to_tensor = lambda value: torch.as_tensor(value, dtype=torch.float64)
    try:
        yield
    finally:
        import_nir._to_tensor = own


def run(module: torch.nn.Module, spikes: torch.Tensor) -> dict[str, torch.Tensor]:
    """(trials, ticks, units) spikes of each layer."""
    seen: dict[str, list[torch.Tensor]] = {name: [] for name in LAYERS}
    hooks = [
        module.get_submodule(path).register_forward_hook(lambda _m, _x, out, name=name: seen[name].append(out[0]))
        for name, path in LAYERS.items()
    ]
    state: Any = None
    for tick in range(spikes.shape[1]):
        _, state = module(spikes[:, tick], state)
    for hook in hooks:
        hook.remove()
    return {name: torch.stack(found, 1) for name, found in seen.items()}


def train(module: torch.nn.Module, task: digits.Task, epochs: int) -> None:
    """Teach the number of output spikes; the surrogate is Norse's own."""
    optimiser = torch.optim.Adam(module.parameters(), 5e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, epochs)
    for epoch in range(epochs):
        for spikes, labels in task.batches(epoch):
            found = run(module, spikes)
            loss = torch.nn.functional.cross_entropy(found["output"].sum(1) * 0.4, labels)
            loss = loss + 0.02 * (found["hidden"].mean() - 0.1) ** 2
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(module.parameters(), 1.0)
            optimiser.step()
        schedule.step()


def trained_graph(graph: nir.NIRGraph, module: torch.nn.Module) -> nir.NIRGraph:
    """The graph with the weights that the module has."""
    nodes = dict(graph.nodes)
    for name in ("fc1", "hidden.w_rec", "fc2"):
        linear = module.get_submodule(name.replace(".", "_"))
        nodes[name] = nir.Affine(linear.weight.detach().numpy(), linear.bias.detach().numpy())
    return nir.NIRGraph(nodes, graph.edges)


def recorded(path: Path, spikes: torch.Tensor) -> dict[str, np.ndarray]:
    with torch.no_grad():
        found = run(loaded(nir.read(path)), spikes)
    return {name: value.numpy().astype(np.uint8) for name, value in found.items()}


def main() -> None:
    options = digits.arguments(__doc__).parse_args()
    digits.deterministic(options.seed)
    folder: Path = options.folder
    folder.mkdir(parents=True, exist_ok=True)
    task, start = digits.Task(), time.process_time()
    graph = initial_graph(options.seed)
    module = loaded(graph)
    train(module, task, options.epochs)
    training_s = time.process_time() - start
    path = folder / "graph.nir"
    digits.write_graph(path, trained_graph(graph, module))
    accuracy = task.save(folder / "record.npz", recorded(path, task.test), "output", training_s=training_s, dt_s=DT_S)
    with float64():
        task.save(folder / "record64.npz", recorded(path, task.test.double()), "output", dt_s=DT_S)
    print(f"accuracy {accuracy:.3f} training_s {training_s:.3f}")


if __name__ == "__main__":
    main()
