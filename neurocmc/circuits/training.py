"""What the trainings of all families share: progress, and surroundings that make them reproducible."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import nn


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochReport:
    """What one epoch of training came to; `epoch` counts from 1 and includes any warm-up."""

    epoch: int
    epochs: int
    loss: float
    validation_accuracy: float


@contextmanager
def reproducible(seed: int) -> Generator[None]:
    """One thread, deterministic algorithms, seeded torch; all put back afterwards."""
    threads, deterministic = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        torch.set_num_threads(1)
        torch.use_deterministic_algorithms(True)
        try:
            yield
        finally:
            torch.set_num_threads(threads)
            torch.use_deterministic_algorithms(deterministic)


def parameter_count(module: nn.Module) -> int:
    """How many numbers a module holds, trained or not."""
    return sum(parameter.numel() for parameter in module.parameters())
