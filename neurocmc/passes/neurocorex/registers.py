"""Rounds a wiring to the registers of a NeuroCoreX, and gives the host its channels.

A neuron's scale, how much of V stands for one of its voltage, is free. Where all its weights become whole numbers at
some whole scale, the smallest such is taken, and nothing is rounded; else the largest that V holds on what
calibration saw, so that weights of 8 bits keep as much as they can. Thresholds have 10 bits behind the point and are
rounded up: a neuron spikes from the threshold on, not above it.
"""

from dataclasses import dataclass
from math import floor
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.arrays import Float, Int
from neurocmc.common.errors import Problem, raise_infeasible
from neurocmc.ir.neurocorex.program import NO_CHANNEL, Mode
from neurocmc.ir.neurocorex.registers import (
    FIRST_COLUMN,
    FIRST_PLACE,
    FIRST_ROW,
    LARGEST,
    ONE,
    PLACES,
    CoreRegisters,
)
from neurocmc.ir.neurocorex.wiring import Extremes, Wiring
from neurocmc.passes.neurocorex.order import Order
from neurocmc.sim.neurocorex.watch import matrices
from neurocmc.targets.neurocorex import NeuroCoreXTarget

WEIGHT_MAX = 127
V_MAX = 127.0
FILLED = (0.9, 0.6, 0.4)  # of V, by what calibration asks for, where a scale can be chosen: tried in this order
MULTIPLES = 64  # up to which whole multiples are looked for
FORGET_FIRST = 2  # neuron 0 is the pacemaker, neuron 1 the companion
DRIVEN, DRIVE = 50, 100  # threshold of these two, and what makes them spike


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Placed:
    """Registers, the chip's neuron of each of the wiring, and the columns of the host."""

    registers: CoreRegisters
    neuron: Int  # (neurons,)
    pacemaker: int
    companion: int
    column: Int  # (columns of inputs,)
    roles: dict[str, int]
    scale: Float  # (neurons,) V per voltage
    rounding: Float  # (neurons,) largest error of a weight over the threshold


@dataclass(frozen=True)
class Registers:
    """Wiring -> registers.

    Args:
        mode: Whether V stays from tick to tick.
        at_threshold: Whether a voltage at the threshold is a spike.
        filled: The share of V that calibration may fill where a scale can be chosen.
    """

    name: ClassVar[str] = "registers"
    mode: Mode = "integrate"
    at_threshold: bool = False
    filled: float = FILLED[0]

    def run(self, wiring: Wiring, seen: Extremes, where: str, target: NeuroCoreXTarget) -> Placed:
        """Raises InfeasibleError where neurons, channels or a V do not fit, naming what and by how much."""
        forgets = self.mode == "forget"
        own = ("pad", "hold", "release", *(("pace", "kick", "cancel", "cancel_hold") if forgets else ()))
        order = Order(first=FORGET_FIRST if forgets else 0)
        neuron = order.run(wiring.neurons, wiring.target, wiring.source)
        raise_infeasible(_beyond(wiring, neuron, len(own), where, target, forgets=forgets))
        scale = self._scales(wiring, seen)
        recurrent, sent = _rounded(wiring, scale)
        threshold = np.full(PLACES, LARGEST)
        at = wiring.threshold * scale * ONE
        levels = np.ceil(at) if self.at_threshold else np.floor(at) + 1
        threshold[FIRST_PLACE + neuron] = levels.astype(np.int64)
        all_to_all, feed_forward = (np.zeros((PLACES, PLACES), dtype=np.int64) for _ in range(2))
        all_to_all[FIRST_ROW + neuron[:, None], FIRST_COLUMN + neuron[None, :]] = recurrent
        column = np.arange(wiring.sent.shape[0], dtype=np.int64)
        feed_forward[FIRST_ROW + neuron[:, None], column[None, :]] = sent
        roles = {role: column.size + index for index, role in enumerate(own)}
        rows = FIRST_ROW + neuron
        hold = _hold(seen, scale, sent)
        feed_forward[rows, roles["hold"]] = -hold
        feed_forward[rows, roles["release"]] = hold
        if forgets:
            threshold[FIRST_PLACE : FIRST_PLACE + FORGET_FIRST] = DRIVEN * ONE
            feed_forward[FIRST_ROW, roles["pace"]] = DRIVE
            feed_forward[FIRST_ROW + 1, [roles["cancel"], roles["release"]]] = DRIVE
            _kick(wiring, seen, scale, recurrent, hold, feed_forward, rows, roles, where)
        registers = CoreRegisters(
            feed_forward=feed_forward.astype(np.int8),
            all_to_all=all_to_all.astype(np.int8),
            threshold=threshold,
            refractory=np.zeros(PLACES, dtype=np.int32),
            leak=0,
            amplitude=1,
        )
        whole = {role: roles.get(role, NO_CHANNEL) for role in ("pad", "hold", "release", "pace", "kick")}
        return Placed(
            registers=registers,
            neuron=neuron,
            pacemaker=0 if forgets else -1,
            companion=1 if forgets else -1,
            column=column,
            roles=whole | {role: roles.get(role, NO_CHANNEL) for role in ("cancel", "cancel_hold")},
            scale=scale,
            rounding=_errors(wiring, scale, recurrent, sent),
        )

    def _scales(self, wiring: Wiring, seen: Extremes) -> Float:
        """(neurons,) V of one of voltage."""
        forgets = self.mode == "forget"
        scales = np.ones(wiring.neurons)
        for neuron in range(wiring.neurons):
            weights = _sums(wiring, neuron)
            numbers = np.append(weights, wiring.bias[neuron] if forgets else 0.0)
            top = max(float(np.abs(numbers).max()), 1e-12)
            exact = [k for k in range(1, MULTIPLES + 1) if k <= WEIGHT_MAX / top and _whole(numbers * k)]
            reach = _reach(wiring, seen, neuron, forgets=forgets)
            scales[neuron] = exact[0] if exact else min(WEIGHT_MAX / top, self.filled * V_MAX / reach)
        return scales


def _beyond(
    wiring: Wiring, neuron: Int, own: int, where: str, target: NeuroCoreXTarget, *, forgets: bool
) -> list[Problem]:
    """What is too large, found before anything is rounded. The last neuron stays free: its current leaks to all."""
    found: list[Problem] = []
    cure = "use a smaller network, shorter delays (each tick of one is a neuron), or a larger chip (--target)"
    room = target.limits.neurons - 1
    if neuron.size and (needed := int(neuron.max()) + 1) > room:
        what = (
            f"{needed} places: {wiring.neurons - wiring.relays} neurons, {wiring.relays} relays of delays, "
            f"{needed - wiring.neurons} that stay free; limit {room} on {target.name}"
        )
        found.append(Problem("neurons-beyond-limit", where, what, cure))
    if (columns := len(wiring.sent) + own) > target.limits.channels:
        what = f"{columns} channels, {own} of them the host's own; limit {target.limits.channels} on {target.name}"
        found.append(Problem("fan-in-beyond-core", where, what, "use fewer channels of input"))
    alone = not forgets or wiring.neurons == 1
    if alone and (own_synapses := int((wiring.target == wiring.source).sum())) > 0:
        what = f"{own_synapses} synapses of a neuron to itself, which {target.name} loses where it spikes alone"
        found.append(Problem("network-unfit-for-target", where, what, "give such a loop two neurons, or two ticks"))
    return found


def _reach(wiring: Wiring, seen: Extremes, neuron: int, *, forgets: bool) -> float:
    """The voltage that V must have room for."""
    threshold, below = float(wiring.threshold[neuron]), -min(float(seen.lowest[neuron]), 0.0)
    above = max(float(seen.highest[neuron]), float(seen.most[neuron]), threshold)
    own = wiring.sent_target == neuron
    held = above + float(np.maximum(wiring.sent_weight[own], 0).sum())
    if not forgets:
        return max(above, below + held)
    least = -min(float(seen.least[neuron]), 0.0)
    lifted = 2 * threshold + max(float(seen.most[neuron]), 0.0) + below + least
    sent = float(wiring.weight[wiring.target == neuron].sum()) - float(wiring.bias[neuron])
    return max(lifted, below + held, abs(sent), sent + held)


def _whole(values: Float) -> bool:
    return bool((np.abs(values - np.rint(values)) < 1e-9).all())


def _sums(wiring: Wiring, neuron: int) -> Float:
    """The weights that reach a neuron, those of one source together."""
    own = wiring.target == neuron
    sent = wiring.sent_target == neuron
    parts = (np.bincount(wiring.source[own], wiring.weight[own]),)
    parts += (np.bincount(wiring.sent_column[sent], wiring.sent_weight[sent]),)
    return np.concatenate([part.astype(np.float64) for part in parts])


def _rounded(wiring: Wiring, scale: Float) -> tuple[Int, Int]:
    """(neurons, neurons) and (neurons, columns) whole weights."""
    recurrent, sent = (np.rint(each * scale[:, None]).astype(np.int64) for each in matrices(wiring))
    return recurrent, sent


def _errors(wiring: Wiring, scale: Float, recurrent: Int, sent: Int) -> Float:
    whole = np.concatenate([recurrent, sent], axis=1) / scale[:, None]
    exact = np.concatenate(matrices(wiring), axis=1)
    return np.abs(whole - exact).max(axis=1, initial=0.0) / wiring.threshold


def _hold(seen: Extremes, scale: Float, sent: Int) -> Int:
    """(neurons,) what keeps V below its threshold while inputs come one by one, as far as V has room below."""
    needed = np.maximum(seen.highest, seen.most) * scale + np.maximum(sent, 0).sum(axis=1)
    room = V_MAX + np.minimum(seen.least, seen.lowest) * scale
    return np.floor(np.clip(np.ceil(needed), 0, np.clip(room, 0, WEIGHT_MAX))).astype(np.int64)


def _kick(
    wiring: Wiring,
    seen: Extremes,
    scale: Float,
    recurrent: Int,
    hold: Int,
    feed_forward: NDArray[np.int64],
    rows: Int,
    roles: dict[str, int],
    where: str,
) -> None:
    """The channels that make all neurons spike, and take off what that sends."""
    highest = (wiring.threshold + np.maximum(seen.most, 0)) * scale
    kick = np.minimum(WEIGHT_MAX, np.floor(V_MAX - highest)).astype(np.int64)
    lowest = (np.minimum(seen.lowest, 0) + np.minimum(seen.least, 0)) * scale
    short = np.flatnonzero(lowest + kick <= wiring.threshold * scale)
    bias = np.rint(wiring.bias * scale).astype(np.int64)
    cancel = bias - recurrent.sum(axis=1)
    held = cancel - hold
    beyond = np.flatnonzero((np.abs(cancel) > WEIGHT_MAX) | (held < -WEIGHT_MAX - 1))
    found: list[Problem] = []
    if short.size:
        low, high = floor(lowest[short[0]]), floor(highest[short[0]])
        what = (
            f"what arrives in a tick lies from {low} to {high} of V, too far apart to lift all over their thresholds"
        )
        found.append(
            Problem("register-beyond-target", where, what, "use smaller weights, or fewer synapses that inhibit")
        )
    if beyond.size:
        what = f"all synapses of a neuron together send {int(-cancel[beyond[0]])}, limit {WEIGHT_MAX}"
        found.append(Problem("register-beyond-target", where, what, "use smaller weights, or fewer synapses"))
    raise_infeasible(found)
    feed_forward[rows, roles["kick"]] = kick
    feed_forward[rows, roles["cancel"]] = cancel
    feed_forward[rows, roles["cancel_hold"]] = held
