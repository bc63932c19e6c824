"""Turns a drive into the spikes that carry it from the host to a unit's axons.

A potential filters everything that reaches it, but the external input of a rate unit may be unfiltered. The host
therefore sends the innovation, wanted - keep (wanted a tick ago), rounded to whole spikes on axons of either sign.
What rounding left goes with the next tick, whole, so that the mean is exact; what the axons of a tick could not
carry follows as well, less what would have decayed in the meantime. A chip that begins with a trial's second tick is
brought up from the bottom in its first.
"""

from typing import NamedTuple, NoReturn

import numpy as np

from neurocmc.common.arrays import Float, Int
from neurocmc.common.errors import InputError, Problem
from neurocmc.common.matrices import driven_by
from neurocmc.ir.stimulus import Stimulus
from neurocmc.ir.truenorth.program import CoreInput, CoreProgram
from neurocmc.sim.truenorth import CoreInputSpikes

MOST_LATE_TICKS = 100  # in a row with more left than a tick can carry: beyond them V does not follow the drive


def encode_cores(program: CoreProgram, stimulus: Stimulus) -> CoreInputSpikes:
    """Encodes the spikes of all inputs.

    Raises InputError where a drive is more than its axons carry in the long run, or reaches a unit without any.
    """
    sent = _Sent.joined([_encode_input(program, entry, stimulus) for entry in program.inputs])
    return CoreInputSpikes(trial=sent.trial, tick=sent.tick, core=sent.core, axon=sent.axon)


class _Sent(NamedTuple):
    """Spikes from the host, (spikes,) each."""

    trial: Int
    tick: Int
    core: Int
    axon: Int

    @classmethod
    def joined(cls, parts: list["_Sent"]) -> "_Sent":
        columns = zip(*parts, strict=True) if parts else [[np.zeros(0, dtype=np.int64)]] * 4
        return cls(*(np.concatenate(column) for column in columns))


def _encode_input(program: CoreProgram, entry: CoreInput, stimulus: Stimulus) -> _Sent:
    driven = stimulus.on_ticks(program.tick_s, entry.name)
    segments = driven_by(driven.values[entry.name], entry.lsb_per_input)  # (batch, segments, units)
    up, down = _Axons.of(entry, 1), _Axons.of(entry, -1)
    before = np.zeros((stimulus.batch, len(entry.core)))
    carry, drive = np.zeros_like(before), np.zeros_like(before)
    reach = np.maximum(up.reach, down.reach)
    late = np.zeros(before.shape, dtype=np.int64)
    if (segments.any(axis=1) & (reach == 0)).any():
        _refuse(entry, stimulus, "no axon carries it: it was 0 in calibration")
    events: list[_Sent] = []
    for tick, segment in enumerate(driven.segment_of_tick):
        if entry.filter_pole:  # a filtered drive acts from the next tick on, as in the rate circuit
            wanted = entry.filter_pole * before + (1.0 - entry.filter_pole) * drive
            drive = segments[:, segment]
        else:
            wanted = segments[:, segment]
        if tick < program.first_tick:
            continue
        missing, before = wanted - entry.keep * before + carry, wanted
        if tick == program.first_tick:
            missing = missing + entry.lift
        high, low = _spikes(missing, up, down)
        left = missing - (high * up.weight - low * down.weight)
        rounding = np.clip(left, -0.5 * up.weight, 0.5 * up.weight)
        carry = rounding + entry.keep * (left - rounding)
        late = np.where(np.abs(carry) > reach, late + 1, 0)
        if (late > MOST_LATE_TICKS).any():
            times = float((np.abs(missing) / np.maximum(reach, 1)).max())
            _refuse(entry, stimulus, f"its drive stays {times:.2f} times above what the input axons carry in a tick")
        ran = tick - program.first_tick
        events += [_events(entry, up, high, ran), _events(entry, down, low, ran)]
    return _Sent.joined(events)


class _Axons:
    """The axons of one sign of every unit: weight of a spike, and how many there are."""

    def __init__(self, first: Int, count: Int, weight: Float) -> None:
        self.first, self.count, self.weight = first, count, weight

    @classmethod
    def of(cls, entry: CoreInput, sign: int) -> "_Axons":
        own = np.sign(entry.weight) == sign
        weight = np.abs(np.where(own, entry.weight, 0)).max(axis=1, initial=0).astype(np.float64)
        # A drive that calibration never saw has no axons at all.
        first = own.argmax(axis=1) if own.shape[1] else np.zeros(len(own), dtype=np.int64)
        return cls(first, own.sum(axis=1), weight)

    @property
    def reach(self) -> Float:
        return self.count * self.weight


def _spikes(missing: Float, up: _Axons, down: _Axons) -> tuple[Int, Int]:
    """(batch, units) spikes up and down whose difference is closest to what is missing."""
    step, back = np.maximum(up.weight, 1.0), np.maximum(down.weight, 1.0)
    best_high, best_low = np.zeros(missing.shape), np.zeros(missing.shape)
    best = np.full(missing.shape, np.inf)
    for extra in (0, 1):
        high = np.clip(np.floor(missing / step) + extra, 0, up.count)
        low = np.clip(np.rint((high * up.weight - missing) / back), 0, down.count)
        error = np.abs(high * up.weight - low * down.weight - missing)
        better = error < best - 1e-9
        best = np.where(better, error, best)
        best_high, best_low = np.where(better, high, best_high), np.where(better, low, best_low)
    return best_high.astype(np.int64), best_low.astype(np.int64)


def _events(entry: CoreInput, axons: _Axons, spikes: Int, tick: int) -> _Sent:
    """The spikes of one tick: of n spikes the first n axons carry one each."""
    trial, unit = np.nonzero(spikes)
    count = spikes[trial, unit]
    trial, unit = np.repeat(trial, count), np.repeat(unit, count)
    position = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    axon = entry.axon[unit, axons.first[unit] + position]
    return _Sent(trial, np.full(trial.size, tick), entry.core[unit], axon)


def _refuse(entry: CoreInput, stimulus: Stimulus, what: str) -> NoReturn:
    raise InputError(
        Problem(
            "drive-beyond-input",
            f"stimulus {stimulus.name}, input {entry.name}",
            what,
            "compile with a calibration stimulus that covers this drive, or scale the drive down",
        )
    )
