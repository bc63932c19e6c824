"""Rate networks trained in plain torch, without a thought of a chip: digits row by row, and a delayed match."""

from collections.abc import Callable
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

import neurocmc
from neurocmc.circuits.training import reproducible
from neurocmc.common.arrays import Float, Int
from neurocmc.pipeline.model import Model
from tests.made.small_digits import TRAIN, small_digits

UNITS, ALPHA = 32, 0.5
Kind = Literal["tanh", "relu", "nn.RNN"]
EPOCHS: dict[Kind, int] = {"tanh": 200, "relu": 60, "nn.RNN": 200}


class Leaky(nn.Module):
    """A leaky cell as people write one."""

    def __init__(self, inputs: int, units: int, activation: Callable[[Tensor], Tensor], alpha: float) -> None:
        super().__init__()
        self.hidden_size, self.activation, self.alpha = units, activation, alpha
        self.enter, self.recurrent = nn.Linear(inputs, units), nn.Linear(units, units, bias=False)

    def forward(self, x: Tensor, h: Tensor) -> Tensor:
        return (1 - self.alpha) * h + self.alpha * self.activation(self.enter(x) + self.recurrent(h))


def row_reader(kind: Kind, seed: int) -> Model:
    """A network of 32 units that gets an 8 x 8 digit row by row: 1,297 digits to train and calibrate, 500 to test."""
    images, labels = small_digits()
    shown, wanted = torch.tensor(images[:TRAIN]).float(), torch.tensor(labels[:TRAIN])
    with reproducible(seed):
        cell = _cell(kind)
        head = nn.Linear(UNITS, 10)
        optimiser = torch.optim.Adam([*cell.parameters(), *head.parameters()], lr=5e-3)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, EPOCHS[kind])
        for _ in range(EPOCHS[kind]):
            for part in torch.randperm(TRAIN).split(64):
                loss = nn.functional.cross_entropy(head(_last(cell, shown[part])), wanted[part])
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
            schedule.step()
    return neurocmc.from_torch(
        cell,
        calibration=images[:TRAIN],
        calibration_labels=labels[:TRAIN],
        test=images[TRAIN:],
        labels=labels[TRAIN:],
        readout=head,
        name="row-reader",
    )


def _cell(kind: Kind) -> nn.Module:
    if kind == "nn.RNN":
        return nn.RNN(8, UNITS, batch_first=True)
    return Leaky(8, UNITS, torch.tanh if kind == "tanh" else torch.relu, ALPHA)


def _last(cell: nn.Module, inputs: Tensor) -> Tensor:
    """The state after the last step of (trials, steps, inputs)."""
    if isinstance(cell, nn.RNN):
        return cell(inputs)[1][0]
    state = inputs.new_zeros(len(inputs), cell.hidden_size)
    for x in inputs.unbind(dim=1):
        state = cell(x, state)
    return state


MATCH_UNITS, MATCH_STEPS, MATCH_TRIALS, MATCH_UPDATES = 16, 40, 1000, 1500


def delayed_match(seed: int) -> Model:
    """A network of 16 relu units, alpha .2: a cue of 5 steps, 10 to 25 of delay, a second cue: are they the same?"""
    with reproducible(seed):
        cell, head = Leaky(2, MATCH_UNITS, torch.relu, 0.2), nn.Linear(MATCH_UNITS, 2)
        with torch.no_grad():
            cell.recurrent.weight.copy_(0.5 * torch.eye(MATCH_UNITS) + 0.125 * torch.randn(MATCH_UNITS, MATCH_UNITS))
        optimiser = torch.optim.Adam([*cell.parameters(), *head.parameters()], lr=3e-3)
        for update in range(MATCH_UPDATES):
            cues, same = _matches(64, seed * 100_000 + update)
            state = _last(cell, torch.tensor(cues).float())
            loss = nn.functional.cross_entropy(head(state), torch.tensor(same)) + 1e-3 * state.pow(2).mean()
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(cell.parameters(), 1.0)
            optimiser.step()
    calibration, right = _matches(400, 10**7 + seed)
    test, labels = _matches(MATCH_TRIALS, 2 * 10**7 + seed)
    return neurocmc.from_torch(
        cell,
        calibration=calibration,
        calibration_labels=right,
        test=test,
        labels=labels,
        readout=head,
        dt_ms=5.0,
        classes=["other", "same"],
        name="delayed-match",
    )


def _matches(trials: int, seed: int) -> tuple[Float, Int]:
    """Cues (trials, 40, 2) of strengths of .8 to 1.2, and whether the second is as the first."""
    rng = np.random.default_rng(seed)
    cues, same = np.zeros((trials, MATCH_STEPS, 2)), np.zeros(trials, dtype=np.int64)
    for trial in range(trials):
        first, second = rng.integers(2, size=2)
        starts, strengths = 5 + int(rng.integers(10, 26)), rng.uniform(0.8, 1.2, 2)
        cues[trial, 0:5, first] = strengths[0]
        cues[trial, starts : starts + 5, second] = strengths[1]
        same[trial] = int(first == second)
    return cues, same
