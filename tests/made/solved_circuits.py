"""Circuits with up-states, made for the tests: soft winner-take-alls that hold an item, alone or in coupled pairs."""

from dataclasses import dataclass

import numpy as np

from neurocmc.common.arrays import Float
from neurocmc.common.matrices import FloatMatrix
from neurocmc.ir.rate import RateCircuit, RateInput, RatePopulation, RateProjection
from neurocmc.ir.stimulus import Stimulus

DT_S, TAU_S = 0.001, 0.02
CUE_STEP_S, CUE_STEPS, HOLD_S = 0.06, 14, 2.0


def rectifiers(name: str, threshold: Float, tau_s: float = TAU_S, initial: Float | None = None) -> RatePopulation:
    """Units of slope 1."""
    size = len(threshold)
    return RatePopulation(
        name=name,
        size=size,
        transfer="relu",
        gain=np.ones(size),
        offset=threshold,
        bias=np.zeros(size),
        saturation=np.inf,
        trace_tau_s=tau_s,
        initial=np.zeros(size) if initial is None else initial,
    )


def projection(source: str, target: str, weight: FloatMatrix, tau_s: float = TAU_S) -> RateProjection:
    return RateProjection(name=f"{source}->{target}", source=source, target=target, weight=weight, tau_s=tau_s)


def circuit(
    name: str, populations: tuple[RatePopulation, ...], projections: tuple[RateProjection, ...], dt_s: float = DT_S
) -> RateCircuit:
    """A circuit whose first population is driven, one channel a unit."""
    first = populations[0]
    return RateCircuit(
        name=name,
        dt_s=dt_s,
        populations=populations,
        projections=projections,
        inputs=(RateInput(name="cue", target=first.name, weight=np.eye(first.size)),),
        readouts=(),
        origin_sha256="",
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Memory:
    """A circuit that holds one item of several after a cue, and what calibrates and tests it."""

    circuit: RateCircuit
    cues: Stimulus  # one trial an item: a cue, let down slowly, then nothing
    strong: Stimulus  # one short trial an item, strong enough to see all activities


def cues(items: int, strength: float) -> Stimulus:
    """Each item cued alone, and the cue let down in small steps: a memory with little room must not be shaken."""
    ramp = np.concatenate([strength * 0.6 ** np.arange(CUE_STEPS), [0.0]])
    return Stimulus(
        name="cues",
        duration_s=CUE_STEP_S * CUE_STEPS + HOLD_S,
        edges_s=np.arange(CUE_STEPS + 1, dtype=np.float64) * CUE_STEP_S,
        values={"cue": ramp[None, :, None] * np.eye(items)[:, None, :]},
        labels=np.arange(items),
    )


def strong(items: int, strength: float) -> Stimulus:
    return Stimulus(
        name="strong",
        duration_s=0.2,
        edges_s=np.zeros(1),
        values={"cue": strength * np.eye(items)[:, None, :]},
        labels=np.arange(items),
    )


def thin_memory(seed: int, items: int = 5) -> Memory:
    """One soft winner-take-all whose items hold themselves by a margin of about what 8-bit weights round by.

    Its items differ, and inhibit each other unequally on top of their common inhibition, so that no scale puts all
    weights of a unit on the grid. An item holds itself above alpha = 1 + beta2 T / T_I; here it is up to 0.3 % above.
    """
    rng = np.random.default_rng(seed)
    threshold, threshold_i = 0.1, 0.2
    beta2 = rng.uniform(0.2, 0.3, items)
    beta1 = rng.uniform(2.5, 3.5, items)
    alpha = 1.0 + beta2 * threshold / threshold_i + rng.uniform(0.0005, 0.003, items)
    lateral = rng.uniform(0.02, 0.2, (items, items))
    weight = np.diag(alpha) - lateral * (1.0 - np.eye(items))
    made = circuit(
        f"thin memory {seed}",
        (rectifiers("x", np.full(items, threshold)), rectifiers("z", np.full(1, threshold_i))),
        (projection("x", "x", weight), projection("x", "z", beta2[None]), projection("z", "x", -beta1[:, None])),
    )
    return Memory(circuit=made, cues=cues(items, 0.4), strong=strong(items, 0.4))


def thin_pair(seed: int, items: int = 3) -> Memory:
    """Two equal coupled winner-take-alls, each item held by alpha + phi just above 1 + beta2 T / T_I."""
    rng = np.random.default_rng(seed)
    threshold, threshold_i = 0.1, 0.2
    beta2, beta1 = rng.uniform(0.2, 0.3, items), rng.uniform(2.5, 3.5, items)
    phi = rng.uniform(0.2, 0.4, items)
    alpha = 1.0 + beta2 * threshold / threshold_i + rng.uniform(0.0005, 0.003, items) - phi
    lateral = rng.uniform(0.02, 0.2, (items, items)) * (1.0 - np.eye(items))
    populations: list[RatePopulation] = []
    projections: list[RateProjection] = []
    for name, other in (("x", "y"), ("y", "x")):
        populations += [rectifiers(name, np.full(items, threshold)), rectifiers(f"{name}z", np.full(1, threshold_i))]
        projections += [
            projection(name, name, np.diag(alpha) - lateral),
            projection(other, name, np.diag(phi)),
            projection(name, f"{name}z", beta2[None]),
            projection(f"{name}z", name, -beta1[:, None]),
        ]
    made = circuit(f"thin pair {seed}", tuple(populations), tuple(projections))
    return Memory(circuit=made, cues=cues(items, 0.4), strong=strong(items, 0.4))
