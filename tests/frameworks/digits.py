"""The task of the drivers: scikit-learn's digits as spikes of 64 channels, drawn once by a seed.

This file and the drivers beside it run in the environment "spiking" (tests/lava_environment.py) as programs; they
import each other as top-level modules and nothing of neurocmc.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import nir
import numpy as np
import torch
from sklearn.datasets import load_digits

CHANNELS, CLASSES, TICKS, TRAINING = 64, 10, 32, 1297
DRAWS = 8  # of the spikes of the training digits
HIGHEST_RATE = 0.7  # spikes per tick of a pixel of full brightness


def deterministic(seed: int) -> None:
    """Let torch give the same numbers in every run."""
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    torch.manual_seed(seed)


def digit_spikes(ticks: int = TICKS, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """(1797, ticks, 64) spikes, 0 or 1, and the digits: each pixel a chance, drawn by the seed."""
    data = load_digits()
    chance = data.data / 16 * HIGHEST_RATE
    drawn = np.random.default_rng(seed).random((len(chance), ticks, CHANNELS))
    return (drawn < chance[:, None, :]).astype(np.uint8), data.target.astype(np.int64)


class Task:
    """Training and test digits as tensors (trials, ticks, 64), float32."""

    def __init__(self) -> None:
        spikes, labels = digit_spikes()
        self.spikes, self.labels = spikes[TRAINING:], labels[TRAINING:]
        self.test = torch.from_numpy(self.spikes).float()
        self._train = [torch.from_numpy(digit_spikes(seed=2 + draw)[0][:TRAINING]) for draw in range(DRAWS)]
        self._labels = torch.from_numpy(labels[:TRAINING])

    def batches(self, epoch: int, size: int = 100) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Spikes and labels of the training digits in an order that torch draws; every epoch another draw of them."""
        for own in torch.randperm(TRAINING).split(size):
            yield self._train[epoch % DRAWS][own].float(), self._labels[own]

    def save(self, path: Path, spikes: dict[str, np.ndarray], output: str, **more: object) -> float:
        """Write a record of the test digits; its accuracy."""
        predictions = torch.from_numpy(spikes[output].sum(axis=1, dtype=np.int64)).argmax(1).numpy()
        accuracy = float((predictions == self.labels).mean())
        arrays = {f"spikes/{name}": value for name, value in spikes.items()}
        np.savez_compressed(
            path,
            input=self.spikes,
            labels=self.labels,
            predictions=predictions,
            accuracy=accuracy,
            **arrays,
            **{name: np.asarray(value) for name, value in more.items()},
        )
        return accuracy


def arguments(description: str) -> argparse.ArgumentParser:
    """What all drivers are called with: the folder into which they write, and a seed."""
    parser = argparse.ArgumentParser(description=description.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=30)
    return parser


def write_graph(path: Path, graph: nir.NIRGraph) -> None:
    """Write a graph with its nodes and edges in order, so that equal graphs are equal files."""
    nodes = {name: graph.nodes[name] for name in sorted(graph.nodes)}
    nir.write(path, nir.NIRGraph(nodes, sorted(graph.edges), type_check=False))
