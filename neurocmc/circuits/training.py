"""Runs the one training loop, with what the trainings of all families share beside it.

A batch forward and back, Adam or AdamW with a clipped gradient, the epoch that is best on data held back. A family
says what its batches, its loss and its accuracy are.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterator, Sequence, Sized
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

import torch
from torch import Tensor, nn

from neurocmc.circuits.fields import Schedule
from neurocmc.circuits.seen_pools import Watching

Batch = TypeVar("Batch", bound=Sized)  # its length: how many trials it has


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochReport:
    """The result of one epoch of training; `epoch` counts from 1 and includes any warm-up."""

    epoch: int
    epochs: int
    loss: float
    validation_accuracy: float


Progress = Callable[[EpochReport], None]


def epochs_told(progress: Callable[[str, float], None]) -> Progress:
    """Returns what tells every epoch to a progress that takes a text and the share that is done."""

    def told(report: EpochReport) -> None:
        reached = f"validation accuracy {100 * report.validation_accuracy:.2f} %"
        progress(f"epoch {report.epoch} of {report.epochs}, {reached}", report.epoch / report.epochs)

    return told


WATCH_EVERY = 20  # batches, after which the ranges of the chip's pools are found anew


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingPlan:
    """The length of a training, and how the learning rates fall: at every step, or at the end of every epoch."""

    epochs: int
    warmup_epochs: int = 0  # the first ones, which are never the best
    gradient_clip: float
    decoupled_decay: bool = False  # weights decay beside the gradient (AdamW), not as a part of it
    schedule: Schedule | Literal["one-cycle"] = "cosine"
    steps: int  # of the schedule, in all
    falls_at: Literal["step", "epoch"] = "step"


class Training(ABC, Generic[Batch]):
    """One training run; owns the optimiser, the random numbers and the best state so far."""

    def __init__(
        self, model: nn.Module, groups: Sequence[dict[str, Any]], plan: TrainingPlan, generator: torch.Generator
    ) -> None:
        self.model, self.plan, self.generator = model, plan, generator
        self.optimiser = (torch.optim.AdamW if plan.decoupled_decay else torch.optim.Adam)(groups)
        self.schedule = _schedule(plan, self.optimiser)
        self.done = 0
        self.best, self.best_epoch, self.best_state = -1.0, 0, dict[str, Tensor]()

    @abstractmethod
    def batches(self) -> Iterator[Batch]:
        """Returns the batches of one epoch."""

    @abstractmethod
    def loss(self, batch: Batch) -> Tensor:
        """Returns what a batch costs, a scalar."""

    @abstractmethod
    def accuracy(self) -> float:
        """Returns the share of right answers on the data held back to choose the epoch."""

    def pools(self) -> Watching | None:
        """Returns the pools of the chip that the model is trained for; None where it is for no chip."""
        return None

    def rehearse(self) -> None:
        """Runs the circuit on what the compiler will calibrate on, to show its pools their ranges."""

    def after_step(self) -> None:
        """Puts right what a step may have moved too far."""

    def after_epoch(self) -> None:
        """Keeps what must survive a kill; `done` counts the epoch already."""

    @property
    def warming(self) -> bool:
        """Whether the epoch at work is one of the warm-up."""
        return self.done < self.plan.warmup_epochs

    def run(self, progress: Progress | None) -> None:
        """Trains to the last epoch and leaves the best epoch's parameters in the model."""
        while self.done < self.plan.epochs:
            loss, warming = self._epoch(), self.warming
            self._watch()
            self.done += 1
            reached = self.accuracy()
            # A later epoch wins a tie: its learning rate is lower, its decisions are settled.
            if not warming and reached >= self.best:
                self.best, self.best_epoch = reached, self.done
                self.best_state = {name: value.detach().clone() for name, value in self.model.state_dict().items()}
            self.after_epoch()
            if progress is not None:
                report = EpochReport(epoch=self.done, epochs=self.plan.epochs, loss=loss, validation_accuracy=reached)
                progress(report)
        self.model.load_state_dict(self.best_state)
        self._watch()

    def _watch(self) -> None:
        """Gives the pools the ranges of the circuit as it is now."""
        if (pools := self.pools()) is not None:
            with torch.no_grad(), pools.watching():
                self.rehearse()

    def _epoch(self) -> float:
        """Mean loss over the trials of one epoch."""
        self.model.train()
        total, trials = 0.0, 0
        for index, batch in enumerate(self.batches()):
            if index % WATCH_EVERY == 0:
                self._watch()
            loss = self.loss(batch)
            self.optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(self.model.parameters(), self.plan.gradient_clip)
            self.optimiser.step()
            self.after_step()
            if self.plan.falls_at == "step":
                self.schedule.step()
            total += loss.item() * len(batch)
            trials += len(batch)
        if self.plan.falls_at == "epoch":
            self.schedule.step()
        return total / trials

    def state(self) -> dict[str, Any]:
        """Returns all that the next epoch depends on, as tensors and plain values."""
        return {
            "model": self.model.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "schedule": self.schedule.state_dict(),
            "generator": self.generator.get_state(),
            "done": self.done,
            "best": self.best,
            "best_epoch": self.best_epoch,
            "best_state": self.best_state,
        }

    def take_up(self, state: dict[str, Any]) -> None:
        """Goes on from a state of a training of the same form."""
        self.generator.set_state(state["generator"])
        self.model.load_state_dict(state["model"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.schedule.load_state_dict(state["schedule"])
        self.done, self.best, self.best_epoch = state["done"], state["best"], state["best_epoch"]
        self.best_state = state["best_state"]


def _schedule(plan: TrainingPlan, optimiser: torch.optim.Optimizer) -> torch.optim.lr_scheduler.LRScheduler:
    match plan.schedule:
        case "cosine":
            return torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, plan.steps)
        case "constant":
            return torch.optim.lr_scheduler.ConstantLR(optimiser, factor=1.0)
        case "one-cycle":  # from a 25th of each group's rate up to it, then down to nothing; the momentum against it
            rates = [group["lr"] for group in optimiser.param_groups]
            return torch.optim.lr_scheduler.OneCycleLR(optimiser, rates, total_steps=plan.steps)


@dataclass(frozen=True, slots=True, eq=False)
class ImageBatch:
    """Some images and their labels, (batch, ...) each."""

    images: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.labels)

    def split(self, size: int, generator: torch.Generator) -> Iterator["ImageBatch"]:
        """Yields all of them in a random order, `size` at a time."""
        for part in torch.randperm(len(self), generator=generator).split(size):
            yield ImageBatch(self.images[part], self.labels[part])


@contextmanager
def reproducible(seed: int) -> Generator[None]:
    """Sets one thread, deterministic algorithms and a seed of torch; all is put back afterwards."""
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
    """Returns how many numbers a module holds, trained or not."""
    return sum(parameter.numel() for parameter in module.parameters())
