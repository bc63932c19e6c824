"""Trains a small feed-forward CNN of IF neurons with LIF neurons at its output in sinabs, and records it.

    python sinabs_driver.py FOLDER [--epochs 12] [--seed 0]

writes FOLDER/graph.nir (by sinabs.nir.to_nir), FOLDER/record.npz and FOLDER/record64.npz: what sinabs.nir.from_nir
makes of the file, spikes of all three layers, of which a neuron can have several in a tick.

Traps of sinabs 3.1.3, read in its sources:

- Its LIF has norm_input=True unless told otherwise; the file cannot say it, and its import always takes False.
- Its import clips the voltage of an IF at -threshold, whatever was trained; of a LIF at nothing.
- Time constants are counted in ticks, and the file says nothing of a tick.
- A voltage clipped is relu(v - min) + min, which rounds. It spikes at the threshold: trunc(v / threshold) times.
- Parameters of a LIF have to have the shape of the layer for nir to take them.
- Its export leaves the shape of what enters a convolution open, with which nir cannot write the file.
- from_nir needs the number of trials or of ticks, and then takes (trials * ticks, ...) only.
"""

import time
import warnings
from pathlib import Path

import digits
import nir
import numpy as np
import sinabs.layers as sl
import sinabs.nir
import torch

LAYERS = ("conv1", "conv2", "output")


def make(trials: int) -> torch.nn.Sequential:
    """8 x 8 pixels, two convolutions with pooling between them, a dense layer."""

    def fire() -> sl.IAFSqueeze:
        return sl.IAFSqueeze(batch_size=trials, min_v_mem=-1.0)

    return torch.nn.Sequential(
        torch.nn.Conv2d(1, 6, 3, padding=1),
        fire(),
        sl.SumPool2d(2),
        torch.nn.Conv2d(6, 12, 3, stride=1, padding=0),
        fire(),
        torch.nn.Flatten(),
        torch.nn.Linear(48, digits.CLASSES),
        sl.LIFSqueeze(
            tau_mem=torch.full((digits.CLASSES,), 15.0),
            spike_threshold=torch.ones(digits.CLASSES),
            batch_size=trials,
            norm_input=False,
        ),
    )


def squeezed(spikes: torch.Tensor) -> torch.Tensor:
    """(trials, ticks, 64) as (trials * ticks, 1, 8, 8)."""
    return spikes.reshape(-1, 1, 8, 8)


def train(net: torch.nn.Sequential, task: digits.Task, epochs: int, size: int) -> None:
    """Teach the number of output spikes; a batch that is not full is left out, the layers count trials."""
    optimiser = torch.optim.Adam([value for value in net.parameters() if value.requires_grad], 5e-3)
    net[-1].tau_mem.requires_grad_(False)
    for epoch in range(epochs):
        for spikes, labels in task.batches(epoch, size):
            if len(labels) < size:
                continue
            reset(net)
            counts = net(squeezed(spikes)).reshape(size, -1, digits.CLASSES).sum(1)
            loss = torch.nn.functional.cross_entropy(counts * 0.4, labels)
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimiser.step()


def reset(net: torch.nn.Module) -> None:
    for layer in net.modules():
        if isinstance(layer, sl.StatefulLayer):
            layer.reset_states()


def recorded(path: Path, spikes: torch.Tensor) -> dict[str, np.ndarray]:
    """(trials, ticks, units) numbers of spikes of each layer, from the file."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # nirtorch.load, which sinabs uses
        net = sinabs.nir.from_nir(nir.read(path), batch_size=len(spikes)).to(spikes.dtype)
    seen: list[torch.Tensor] = []

    def keep(_module: torch.nn.Module, _inputs: object, out: torch.Tensor) -> torch.Tensor:
        seen.append(out.to(spikes.dtype))  # spikes are float32 whatever came in
        return seen[-1]

    for layer in net.modules():
        if isinstance(layer, sl.StatefulLayer):
            layer.register_forward_hook(keep)
    with torch.no_grad():
        net(squeezed(spikes))
    shape = (len(spikes), spikes.shape[1], -1)
    return {name: out.reshape(shape).numpy().astype(np.uint8) for name, out in zip(LAYERS, seen, strict=True)}


def main() -> None:
    parser = digits.arguments(__doc__)
    parser.set_defaults(epochs=12)
    options = parser.parse_args()
    digits.deterministic(options.seed)
    folder: Path = options.folder
    folder.mkdir(parents=True, exist_ok=True)
    task, start, size = digits.Task(), time.process_time(), 60
    net = make(size)
    train(net, task, options.epochs, size)
    training_s = time.process_time() - start
    reset(net)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        sample = squeezed(task.test[:size])
        graph = sinabs.nir.to_nir(net, sample)
    graph.infer_types()
    path = folder / "graph.nir"
    digits.write_graph(path, graph)
    accuracy = task.save(folder / "record.npz", recorded(path, task.test), "output", training_s=training_s)
    task.save(folder / "record64.npz", recorded(path, task.test.double()), "output")
    print(f"accuracy {accuracy:.3f} training_s {training_s:.3f}")


if __name__ == "__main__":
    main()
