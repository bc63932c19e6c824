"""Offers the library's circuits as modules for a training loop of one's own: any data, encoder, optimiser and loss.

Both take drives that are held for a time, as a stimulus holds them: (batch, channels), or (batch, segments, channels)
with each segment held for its part of the time. `neurocmc.from_module` makes a model of a trained one.
"""

from typing import Any, Literal, TypeVar

import torch
from torch import Tensor

from neurocmc.circuits.chip_pool import neurons_problems
from neurocmc.circuits.cmc.hierarchy import CmcHierarchy
from neurocmc.circuits.cmc.recipe import CmcCircuitRecipe
from neurocmc.circuits.recipe import CircuitRecipe
from neurocmc.circuits.seen_pools import SeenPools
from neurocmc.circuits.swta import SoftWinnerTakeAll
from neurocmc.common.errors import InputError, Problem, raise_input_problems
from neurocmc.common.strict_yaml import StrictModel, field_name
from neurocmc.common.ticks import not_whole
from neurocmc.common.yaml_complaints import checked

Recipe = TypeVar("Recipe", bound=StrictModel)
Four = tuple[float, float, float, float]
_SHAPES = "give (trials, channels), or (trials, segments, channels) with each segment held for its part of the time"


class SoftWta(SoftWinnerTakeAll):
    """A soft winner-take-all for one's own loop: `units` rectified units that excite themselves, one that inhibits.

        tau x_i' = -x_i + [I_i + alpha x_i + alpha2 (x_{i-1} + x_{i+1}) - beta1 y - threshold]_+
        tau y'   = -y   + [beta2 sum_i x_i - threshold_inhibit]_+

    Call `project_()` after each step of the optimiser: it moves the numbers back to where the circuit is stable.

    Args:
        units: Units that compete, 2 to 1,024; one a class where the winner is to answer.
        tau_ms: The time constant of all units.
        dt_ms: The step, which becomes the chip's tick.
        alpha: Self-excitation at the start, 0 to below 2.
        alpha2: Excitation from both neighbours at the start, 0 to below 2.
        beta1: Inhibition of every unit at the start, 0 to 100.
        beta2: Excitation of the unit that inhibits at the start, 0 to 100.
        threshold: Of the units that compete at the start, 0 to 10.
        threshold_inhibit: Of the unit that inhibits at the start, 0 to 10.
        trained: The names of the numbers that get a gradient.

    Raises:
        InputError: For numbers out of their ranges, and for a circuit that is not stable from the start.

    Example:
        >>> import torch
        >>> wta = neurocmc.SoftWta(units=3, tau_ms=20, dt_ms=1)
        >>> activity = wta.run(torch.tensor([[0.5, 0.3, 0.2]]), duration_ms=300)
        >>> int(wta.read(activity, window_ms=50).argmax())
        0
    """

    def __init__(
        self,
        units: int,
        *,
        tau_ms: float = 20.0,
        dt_ms: float = 1.0,
        alpha: float = 1.2,
        alpha2: float = 0.0,
        beta1: float = 2.0,
        beta2: float = 0.35,
        threshold: float = 0.0,
        threshold_inhibit: float = 0.0,
        trained: tuple[str, ...] = ("beta1", "beta2", "threshold", "threshold_inhibit"),
    ) -> None:
        given = {
            "units": units,
            "tau_s": tau_ms / 1e3,
            "dt_s": dt_ms / 1e3,
            "alpha": alpha,
            "alpha2": alpha2,
            "beta1": beta1,
            "beta2": beta2,
            "threshold": threshold,
            "threshold_inhibit": threshold_inhibit,
            "trained": list(trained),
        }
        recipe = _checked(given, CircuitRecipe, "SoftWta")
        super().__init__(recipe.values(), recipe.trained)

    def run(self, drive: Tensor, duration_ms: float) -> Tensor:
        """Runs from rest while the drive is held.

        Args:
            drive: (batch, units), or (batch, segments, units) with each segment held for its part of the time.
            duration_ms: How long, a whole number of steps for each segment.

        Returns:
            Activity (batch, ticks, units + 1) after each step; the last is the unit that inhibits.

        Raises:
            InputError: For a drive of another shape, and a time that is not a whole number of steps.
        """
        segments, hold_ticks = held(drive, duration_ms, self.dt_s, self.units)
        return self(segments.repeat_interleave(hold_ticks, dim=1))

    def read(self, activity: Tensor, window_ms: float) -> Tensor:
        """Returns (batch, units) mean activity of the competing units over the window at the end of a run."""
        return _at_the_end(activity, window_ms, self.dt_s)[..., : self.units]

    def use_pools(self, neurons: int, drive: Tensor, duration_ms: float) -> None:
        """Puts a chip's pools behind both populations, with the ranges that the compiler finds on these drives.

        Ranges stay until this is called again: do so every few steps of a training, with the calibration drives.

        Args:
            neurons: Neurons a unit.
            drive: What the circuit is calibrated on, as for `run`.
            duration_ms: As for `run`.

        Raises:
            InputError: As `run`, and for a number of neurons that is none.
        """
        raise_input_problems(neurons_problems(neurons))
        self.pools = SeenPools(self.groups(), self.units + 1, neurons)
        with torch.no_grad(), self.pools.watching():
            self.run(drive, duration_ms)

    def drop_pools(self) -> None:
        """Takes the pools away again: the circuit is that of rates."""
        self.pools = None


class CmcRegions(CmcHierarchy):
    """Cortical regions of canonical microcircuits for one's own loop, with one's own drives and readout.

    A region has `columns` columns of four populations (ss, sp, ii, dp); drives reach ss of the first region. All
    numbers are trained, and are sound whatever they become. Start values that differ by chance come from torch's
    random numbers: call `torch.manual_seed` before.

    Args:
        regions: 1 to 5.
        columns: Of each region, 1 to 512.
        fan_in: Columns of another region that each column hears, for each of the three couplings.
        activation: "sigmoid", "tanh", "softplus" or "relu".
        dt_ms: The step, which becomes the chip's tick; no time constant may be shorter than four.
        time_constants_ms: Of ss, sp, ii and dp, at the start.
        slopes: Of ss, sp, ii and dp, at the start.
        coupling: Strength of what a column hears of another region at the start, over sqrt(fan_in).
        mask_seed: Chooses which columns are coupled.

    Raises:
        InputError: For numbers out of their ranges.

    Example:
        >>> import torch
        >>> regions = neurocmc.CmcRegions(regions=2, columns=6, fan_in=2)
        >>> rates = regions.run(torch.randn(5, 4, 6), duration_ms=200)
        >>> readout = torch.nn.Linear(regions.units, 3)
        >>> readout(regions.read(rates, window_ms=30)).shape
        torch.Size([5, 3])
    """

    def __init__(
        self,
        regions: int = 1,
        columns: int = 16,
        fan_in: int = 4,
        *,
        activation: Literal["sigmoid", "relu", "softplus", "tanh"] = "sigmoid",
        dt_ms: float = 5.0,
        time_constants_ms: Four = (30.0, 30.0, 50.0, 80.0),
        slopes: Four = (1.5, 1.5, 1.5, 1.5),
        coupling: float = 4.0,
        mask_seed: int = 0,
    ) -> None:
        given = {
            "regions": regions,
            "columns": columns,
            "fan_in": fan_in,
            "activation": activation,
            "dt_s": dt_ms / 1e3,
            "time_constants_s": [time_ms / 1e3 for time_ms in time_constants_ms],
            "slopes": list(slopes),
            "coupling": coupling,
            "mask_seed": mask_seed,
        }
        self.recipe = _checked(given, CmcCircuitRecipe, "CmcRegions")
        super().__init__(self.recipe)

    def run(self, drive: Tensor, duration_ms: float) -> Tensor:
        """Runs from rest while the drive is held.

        Args:
            drive: (batch, columns), or (batch, segments, columns) with each segment held for its part of the time.
            duration_ms: How long, a whole number of steps for each segment.

        Returns:
            Rates (batch, ticks, units) after each step: regions, then populations, then columns.

        Raises:
            InputError: For a drive of another shape, and a time that is not a whole number of steps.
        """
        segments, hold_ticks = held(drive, duration_ms, self.dt_s, self.columns)
        return self(segments, hold_ticks).rate.flatten(2)

    def read(self, rates: Tensor, window_ms: float) -> Tensor:
        """Returns (batch, units) mean rates over the window at the end of a run: what a readout gets."""
        return _at_the_end(rates, window_ms, self.dt_s)

    def use_pools(self, neurons: int, drive: Tensor, duration_ms: float, *, relays: bool = True) -> None:
        """Puts a chip's pools behind all populations, with the ranges that the compiler finds on these drives.

        Ranges stay until this is called again: do so every few steps of a training, with the calibration drives.

        Args:
            neurons: Neurons a unit.
            drive: What the circuit is calibrated on, as for `run`.
            duration_ms: As for `run`.
            relays: Whether the chip's neurons have one filter (Loihi), so that relays stand before each population.

        Raises:
            InputError: As `run`, and for a number of neurons that is none.
        """
        raise_input_problems(neurons_problems(neurons))
        self.pools = pools = self.chip_pools(neurons, relays=relays)
        with torch.no_grad(), pools.watching():
            self.run(drive, duration_ms)

    def drop_pools(self) -> None:
        """Takes the pools away again: the circuit is that of rates."""
        self.pools = None


def held(drive: Tensor, duration_ms: float, dt_s: float, channels: int) -> tuple[Tensor, int]:
    """Returns a drive as (trials, segments, channels), and the steps that each segment is held for.

    Raises InputError for another shape, and for segments that are no whole number of steps.
    """
    segments = drive.unsqueeze(1) if drive.ndim == 2 else drive
    if segments.ndim != 3 or segments.shape[2] != channels or 0 in segments.shape:
        what = f"the drive has shape {tuple(drive.shape)}, the circuit {channels} channels"
        raise InputError(Problem("stimulus-channels", "drive", what, _SHAPES))
    ticks, count = whole_ticks(duration_ms, dt_s, "duration_ms"), segments.shape[1]
    if ticks % count:
        what = f"{duration_ms:g} ms are {ticks} steps, which cannot be divided evenly among {count} segments"
        cure = f"give {1e3 * dt_s * count * max(round(ticks / count), 1):g} ms, or another number of segments"
        raise InputError(Problem("stimulus-duration", "duration_ms", what, cure))
    return segments, ticks // count


def whole_ticks(time_ms: float, dt_s: float, where: str) -> int:
    """Returns how many steps a time is. Raises InputError where they are not whole, or none."""
    if fault := not_whole(time_ms / 1e3, dt_s):
        raise InputError(Problem("stimulus-duration", where, *fault))
    return round(time_ms / 1e3 / dt_s)


def _at_the_end(activity: Tensor, window_ms: float, dt_s: float) -> Tensor:
    """The mean of activity (batch, ticks, units) over its last `window_ms`."""
    ticks = whole_ticks(window_ms, dt_s, "window_ms")
    if ticks > activity.shape[1]:
        what = f"a window of {window_ms:g} ms is longer than the run, {1e3 * dt_s * activity.shape[1]:g} ms"
        raise InputError(Problem("window-too-long", "window_ms", what, "give a shorter window, or run for longer"))
    return activity[:, -ticks:].mean(dim=1)


def _checked(given: dict[str, Any], schema: type[Recipe], where: str) -> Recipe:
    """The recipe of a circuit. Raises InputError with everything that is wrong with the arguments."""
    recipe, faults = checked(given, schema)
    if recipe is None:
        raise InputError(
            Problem(fault.id, f"{where}: {field_name(fault.path)}" if fault.path else where, fault.what, fault.cure)
            for fault in faults
        )
    return recipe
