"""The adjoint of a circuit against differences: an activity is moved by a little, and the margin measured again."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest

from neurocmc.common.arrays import Float
from neurocmc.ir.rate import Classifier, HostLayer, RateCircuit, RateInput, RatePopulation, Readout
from neurocmc.ir.stimulus import Stimulus
from neurocmc.sim.adjoint import adjoint
from neurocmc.sim.margins import Margin
from neurocmc.sim.rate import states_of
from tests.made.circuits import population, projection

TRIALS, TICKS, DT_S = 5, 12, 0.001
MOVED = 1e-5


def drives(channels: int) -> Stimulus:
    rng = np.random.default_rng(4)
    values = rng.normal(size=(TRIALS, TICKS, channels))
    edges_s = np.arange(TICKS) * DT_S
    return Stimulus(
        name="drives", duration_s=TICKS * DT_S, edges_s=edges_s, values={"drive": values}, labels=[-1] * TRIALS
    )


def sigmoids_of_second_order() -> tuple[RateCircuit, Classifier]:
    """Two populations, kernels of both orders, delays, a classifier of two layers over a window."""
    rng = np.random.default_rng(1)
    a = replace(
        population("a", 4, "sigmoid", saturation=1.0), trace_tau_s=0.004, trace_order=2, initial=np.full(4, 0.5)
    )
    b = replace(population("b", 3, "softplus", bias=0.3), trace_tau_s=0.0)
    circuit = RateCircuit(
        name="second-order",
        dt_s=DT_S,
        populations=(a, b),
        projections=(
            projection("a", "a", rng.normal(size=(4, 4)), 0.003, order=2, delay_ticks=2),
            projection("a", "b", rng.normal(size=(3, 4)), 0.002),
            projection("b", "a", rng.normal(size=(4, 3)), 0.005, dc_gain=0.7, delay_ticks=1),
        ),
        inputs=(RateInput(name="drive", target="a", weight=rng.normal(size=(4, 2))),),
        readouts=(),
        origin_sha256="",
    )
    layers = (
        HostLayer(weight=rng.normal(size=(6, 7)), bias=rng.normal(size=6), rectify=True),
        HostLayer(weight=rng.normal(size=(3, 6)), bias=rng.normal(size=3), rectify=False),
    )
    labels = ("x", "y", "z")
    return circuit, Classifier(name="class", populations=("a", "b"), layers=layers, labels=labels, window_s=3 * DT_S)


def rectifiers() -> tuple[RateCircuit, Readout]:
    """A winner-take-all, read by its winner."""
    rng = np.random.default_rng(2)
    circuit = RateCircuit(
        name="rectifiers",
        dt_s=DT_S,
        populations=(replace(population("x", 5, bias=0.5, gain=1.3), trace_tau_s=0.003),),
        projections=(projection("x", "x", 0.4 * rng.normal(size=(5, 5)), 0.003),),
        inputs=(RateInput(name="drive", target="x", weight=rng.normal(size=(5, 3)), tau_s=0.002),),
        readouts=(),
        origin_sha256="",
    )
    return circuit, Readout(name="winner", population="x", kind="winner", labels=tuple("abcde"), window_s=4 * DT_S)


def cut_off() -> tuple[RateCircuit, Classifier]:
    """A sigmoid of which a part is left, and a kernel without memory."""
    rng = np.random.default_rng(3)
    units = replace(population("s", 4, "sigmoid", saturation=2.0, gain=1.5), floor=0.2, top=1.7, trace_tau_s=0.0)
    circuit = RateCircuit(
        name="cut-off",
        dt_s=DT_S,
        populations=(units,),
        projections=(projection("s", "s", rng.normal(size=(4, 4)), 0.0),),
        inputs=(RateInput(name="drive", target="s", weight=0.5 * rng.normal(size=(4, 2))),),
        readouts=(),
        origin_sha256="",
    )
    layers = (HostLayer(weight=rng.normal(size=(3, 4)), bias=np.zeros(3), rectify=False),)
    labels = ("x", "y", "z")
    return circuit, Classifier(name="class", populations=("s",), layers=layers, labels=labels, window_s=DT_S)


@contextmanager
def moved(monkeypatch: pytest.MonkeyPatch, name: str, tick: int, unit: int, by: float) -> Iterator[None]:
    """Lets one unit send more in one tick."""
    plain, count = RatePopulation.transfer_at, [0]

    def transfer_at(self: RatePopulation, z: Float) -> Float:
        sent = np.array(plain(self, z))
        if self.name == name:
            if count[0] == tick:
                sent[:, unit] += by
            count[0] += 1
        return sent

    with monkeypatch.context() as patch:
        patch.setattr(RatePopulation, "transfer_at", transfer_at)
        yield


@pytest.mark.parametrize("made", [sigmoids_of_second_order, rectifiers, cut_off])
def test_the_adjoint_is_the_slope_of_the_margin(
    made: Callable[[], tuple[RateCircuit, Readout | Classifier]], monkeypatch: pytest.MonkeyPatch
) -> None:
    circuit, readout = made()
    stimulus = drives(circuit.inputs[0].channels)
    margin = Margin(readout, DT_S)

    def margins() -> Float:
        states = list(states_of(circuit, stimulus))
        traces = {p.name: np.stack([s.traces[p.name] for s in states], axis=1) for p in circuit.populations}
        return margin.of(traces)

    found = adjoint(circuit, stimulus, margin.gradient).weight
    rng = np.random.default_rng(5)
    wanted: list[Float] = []
    given: list[Float] = []
    for units in circuit.populations:
        for tick in range(TICKS):
            unit = int(rng.integers(units.size))
            sides: list[Float] = []
            for by in (MOVED, -MOVED):
                with moved(monkeypatch, units.name, tick, unit, by):
                    sides.append(margins())
            wanted.append((sides[0] - sides[1]) / (2 * MOVED))
            given.append(found[units.name][:, tick, unit])
    slopes, adjoints = np.stack(wanted), np.stack(given)
    assert np.abs(slopes).max() > 0.1
    assert np.linalg.norm(adjoints - slopes) <= 1e-3 * np.linalg.norm(slopes)
