"""Draws recurrent circuits of excitation and inhibition whose currents decay with two time constants."""

from dataclasses import dataclass

import numpy as np

from neurocmc.common.arrays import Float
from neurocmc.ir.rate import RateCircuit, RateInput, RatePopulation, RateProjection, Readout
from neurocmc.ir.stimulus import Stimulus

LONGEST_TICKS = 80  # of a time constant: beyond it the 12 bits of a decay are off by more than 1 %
SLOWEST_S, FASTEST_S = 0.1, 0.005
LEVELS = 3
THRESHOLD, DRIVE = 2.0, 8.0  # of a softplus, which bends over about 2
CALIBRATED, TESTED = 6, 2  # trials


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Drawn:
    """A circuit, the stimulus that it is calibrated on, and another that it is judged by."""

    circuit: RateCircuit
    calibration: Stimulus
    test: Stimulus
    excite_s: float
    inhibit_s: float


def drawn(seed: int) -> Drawn:
    """Returns an E/I circuit: 8 to 64 units, of which a quarter inhibits; either side may be the slower one.

    Excitation is tuned, a ring in which neighbours help one another; inhibition is broad. Of the mean gains, that of
    the excitatory loop lies below 1 and inhibition follows it, so that a drive makes the tuned units win over the
    others, behind an overshoot where inhibition is the slower one.
    """
    rng = np.random.default_rng(seed)
    units = int(np.exp(rng.uniform(np.log(8), np.log(65))))
    inhibit = max(units // 4, 1)
    excite = units - inhibit
    ratio = float(rng.uniform(2.0, 10.0))
    fast_s = float(np.exp(rng.uniform(np.log(FASTEST_S), np.log(SLOWEST_S / ratio))))
    taus = (ratio * fast_s, fast_s) if rng.random() < 0.7 else (fast_s, ratio * fast_s)
    dt_s = 0.001 if max(taus) <= LONGEST_TICKS * 0.001 else 0.002
    circuit = _circuit(rng, excite, inhibit, taus, dt_s)
    calibration = _stimulus(rng, "calibration", excite, _lasting(taus, dt_s), bump=(1.0, 1.0), trials=CALIBRATED)
    test = _stimulus(rng, "test", excite, _lasting(taus, dt_s), bump=(0.5, 0.9), trials=TESTED)
    return Drawn(circuit=circuit, calibration=calibration, test=test, excite_s=taus[0], inhibit_s=taus[1])


def _circuit(
    rng: np.random.Generator, excite: int, inhibit: int, taus: tuple[float, float], dt_s: float
) -> RateCircuit:
    gains = {"e->e": rng.uniform(0.5, 0.9), "e->i": rng.uniform(0.6, 1.2), "i->e": -rng.uniform(0.6, 1.4)}
    gains["i->i"] = -rng.uniform(0.1, 0.5)
    sizes, tau_s = {"e": excite, "i": inhibit}, dict(zip("ei", taus, strict=True))
    return RateCircuit(
        name="excitation-inhibition",
        dt_s=dt_s,
        populations=tuple(_population(name, size, tau_s[name]) for name, size in sizes.items()),
        projections=tuple(
            RateProjection(
                name=name,
                source=name[0],
                target=name[-1],
                weight=gain * _spread(rng, sizes[name[-1]], sizes[name[0]], tuned=name == "e->e"),
                tau_s=tau_s[name[0]],
            )
            for name, gain in gains.items()
        ),
        inputs=(RateInput(name="drive", target="e", weight=np.eye(excite)),),
        readouts=(Readout(name="seen", population="e", kind="activity", labels=(), window_s=0.02),),
        origin_sha256="",
    )


def _population(name: str, size: int, tau_s: float) -> RatePopulation:
    return RatePopulation(
        name=name,
        size=size,
        transfer="softplus",
        gain=np.ones(size),
        offset=np.full(size, THRESHOLD),
        bias=np.zeros(size),
        saturation=np.inf,
        trace_tau_s=tau_s,
        initial=np.zeros(size),
    )


def _spread(rng: np.random.Generator, rows: int, columns: int, *, tuned: bool) -> Float:
    """A positive matrix whose rows add up to 1: a ring of neighbours, or all with some of their own."""
    apart = np.abs(np.subtract.outer(np.arange(rows) / rows, np.arange(columns) / columns))
    near = np.exp(-((np.minimum(apart, 1.0 - apart) / 0.08) ** 2)) if tuned else np.ones((rows, columns))
    weight = near * rng.uniform(0.7, 1.3, (rows, columns))
    return weight / weight.sum(axis=1, keepdims=True)


def _lasting(taus: tuple[float, float], dt_s: float) -> float:
    """How long a level of the drive lasts: three of the slower time constants, in whole steps."""
    return round(max(3.0 * max(taus), 0.05) / dt_s) * dt_s


def _stimulus(
    rng: np.random.Generator,
    name: str,
    excite: int,
    lasts_s: float,
    bump: tuple[float, float],
    trials: int,
) -> Stimulus:
    """Trials of several levels, each a bump over the ring on a uniform drive, each lasting `lasts_s`.

    The places of the bumps of all trials go around the ring; the level before the last is silence, in which all
    decays.
    """
    units, turn = np.arange(excite) / excite, rng.random()
    values = np.zeros((trials, LEVELS, excite))
    for trial in range(trials):
        for level in (0, LEVELS - 1):
            place = (turn + (trial + level / LEVELS) / trials) % 1.0
            apart = np.abs(units - place)
            shape = np.exp(-((np.minimum(apart, 1.0 - apart) / 0.15) ** 2))
            values[trial, level] = DRIVE * (0.2 + rng.uniform(*bump) * shape)
    return Stimulus(
        name=name,
        duration_s=LEVELS * lasts_s,
        edges_s=np.array([lasts_s * level for level in range(LEVELS)]),
        values={"drive": values},
        labels=np.full(trials, -1),
    )
