"""Writes and reads the spikes of the host as a file: one .npz of plain arrays, a line for each spike.

    ticks, trials       ()         how long a trial is, and how many there are
    trial, tick, core, axon   (spikes,)   in tick `tick` of trial `trial`, axon `axon` of core `core` carries a spike
    labels              (trials,)  right answers, -1 for none; may be missing

Where a user makes such a file by hand, `trial` and `trials` may be missing as well: it is then one trial. Core and
axon count from 0, cores in the order of the corelet description.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.arrays import Int, set_frozen
from neurocmc.common.errors import Problem, raise_input_problems
from neurocmc.common.files import read_npz, write_npz
from neurocmc.sim.truenorth import CoreInputSpikes

COLUMNS = ("trial", "tick", "core", "axon")
KEYS = (*COLUMNS, "ticks", "trials", "labels")
MOST_TRIALS, MOST_TICKS = 1_000_000, 10_000_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HostSpikes:
    """All that the host sends in some trials of equal length."""

    spikes: CoreInputSpikes
    ticks: int  # of each trial
    labels: Int  # (trials,) right answers, -1 for none

    def __post_init__(self) -> None:
        set_frozen(self, "labels", np.int64, (None,))

    @property
    def trials(self) -> int:
        return len(self.labels)

    def of_trial(self, trial: int) -> CoreInputSpikes:
        """Returns the spikes of one trial, as trial 0, in order of tick, core and axon."""
        mine = self.spikes.trial == trial
        tick, core, axon = (getattr(self.spikes, name)[mine] for name in ("tick", "core", "axon"))
        order = np.lexsort((axon, core, tick))
        return CoreInputSpikes(
            trial=np.zeros(len(order), dtype=np.int64), tick=tick[order], core=core[order], axon=axon[order]
        )


def write_host_spikes(host: HostSpikes, path: Path) -> None:
    """Writes an .npz of the form above. Raises InputError if the file cannot be written."""
    spikes = host.spikes
    order = np.lexsort((spikes.axon, spikes.core, spikes.tick, spikes.trial))
    arrays: dict[str, NDArray[Any]] = {name: getattr(spikes, name)[order].astype(np.int32) for name in COLUMNS}
    scalars = {"ticks": np.asarray(host.ticks, np.int64), "trials": np.asarray(host.trials, np.int64)}
    write_npz(path, arrays | scalars | {"labels": host.labels})


def read_host_spikes(path: Path, ticks: int | None = None) -> HostSpikes:
    """Reads an .npz of the form above; `ticks` overrides the file's, and spikes that come later are left out.

    Raises InputError naming every key that is missing, unknown, or holds what it should not.
    """
    arrays = read_npz(path)
    faults = [
        Problem(
            "array-unknown",
            f"{path}: {ascii(key)[1:-1][:60]}",
            "is an unknown key",
            f"known keys are {', '.join(KEYS)}",
        )
        for key in sorted(arrays.keys() - set(KEYS))
    ]
    spikes = len(arrays["tick"]) if "tick" in arrays and arrays["tick"].ndim == 1 else 0
    columns = {
        name: _whole(path, arrays, name, (spikes,), faults, np.zeros(spikes) if name == "trial" else None)
        for name in COLUMNS
    }
    length = _whole(path, arrays, "ticks", (), faults, None if ticks is None else np.asarray(ticks))
    trials = _whole(path, arrays, "trials", (), faults, 1 + columns["trial"].max(initial=0))
    for name, value, most in (("ticks", length, MOST_TICKS), ("trials", trials, MOST_TRIALS)):
        if not faults and not 1 <= value <= most:
            faults.append(Problem("number-out-of-range", f"{path}: {name}", f"is {value}", f"use 1 to {most:,}"))
    raise_input_problems(faults)
    labels = _whole(path, arrays, "labels", (int(trials),), faults, np.full(int(trials), -1))
    below = ((name, columns[name].min(initial=0)) for name in COLUMNS)
    faults += [
        Problem("index-beyond-range", f"{path}: {name}", f"{least} is below 0", "count from 0")
        for name, least in below
        if least < 0
    ]
    if columns["trial"].max(initial=0) >= trials:
        what = f"trial {columns['trial'].max()}, there are {trials}"
        faults.append(Problem("index-beyond-range", f"{path}: trial", what, "count from 0"))
    if ticks is None and columns["tick"].max(initial=0) >= length:
        what = f"tick {columns['tick'].max()}, there are {length}"
        faults.append(Problem("index-beyond-range", f"{path}: tick", what, "count from 0"))
    raise_input_problems(faults)
    chosen = int(length) if ticks is None else ticks
    kept = columns["tick"] < chosen
    return HostSpikes(
        spikes=CoreInputSpikes(**{name: column[kept] for name, column in columns.items()}),
        ticks=chosen,
        labels=labels,
    )


def _whole(
    path: Path,
    arrays: dict[str, NDArray[Any]],
    name: str,
    shape: tuple[int, ...],
    faults: list[Problem],
    default: Any,
) -> NDArray[np.int64]:
    """The whole numbers of a key, in the shape they must have; zeros and a fault where they are not that."""
    if name not in arrays and default is not None:
        return np.asarray(default, dtype=np.int64)
    array = arrays.get(name)
    if array is None:
        faults.append(
            Problem("array-missing", f"{path}: {name}", "is missing", f"add whole numbers of shape {shape}")
        )
    elif array.dtype.kind not in "iu":
        what = f"whole numbers needed, it holds {array.dtype.name}"
        faults.append(Problem("array-type", f"{path}: {name}", what, "convert it with numpy's astype"))
    elif array.shape != shape:
        faults.append(
            Problem("array-shape", f"{path}: {name}", f"has shape {array.shape}", f"give it the shape {shape}")
        )
    elif array.size and (int(array.max()) > 2**31 - 1 or int(array.min()) < -(2**31)):
        faults.append(
            Problem("array-beyond-bits", f"{path}: {name}", "holds numbers beyond 32 bits", "give smaller numbers")
        )
    else:
        return array.astype(np.int64)
    return np.zeros(shape, dtype=np.int64)
