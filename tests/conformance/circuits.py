"""The rows of the table: small circuits that have everything a rate circuit can have, one thing each.

Every drive is calibrated on what it is judged by, and short: what is asked is whether a circuit of this kind comes
through at all, not how well one in particular does.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from neurocmc.common.arrays import Float
from neurocmc.common.resources import resource_path
from neurocmc.ir.rate import RateCircuit, RateInput, RatePopulation, RateProjection, Readout, TransferKind
from neurocmc.ir.stimulus import Stimulus
from neurocmc.pipeline.model import load

TAU_S = 0.02
LASTS_S = 0.3


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Row:
    """A circuit and the stimulus that it is calibrated on and judged by."""

    circuit: RateCircuit
    stimuli: tuple[Stimulus, ...]


def _population(name: str, size: int, transfer: TransferKind = "relu", *, tau_s: float = TAU_S) -> RatePopulation:
    ones = np.ones(size)
    return RatePopulation(
        name=name,
        size=size,
        transfer=transfer,
        gain=(6.0 if transfer == "sigmoid" else 1.0) * ones,
        offset=(0.5 if transfer == "sigmoid" else 0.0) * ones,
        bias=0.0 * ones,
        saturation=1.0 if transfer == "sigmoid" else np.inf,
        trace_tau_s=tau_s,
        initial=0.0 * ones,
    )


def _projection(source: str, target: str, weight: Float, **more: object) -> RateProjection:
    fields = {"name": f"{source}->{target}", "source": source, "target": target, "weight": weight, "tau_s": TAU_S}
    return RateProjection(**{**fields, **more})  # pyright: ignore[reportArgumentType]


def _circuit(
    name: str,
    populations: tuple[RatePopulation, ...],
    projections: tuple[RateProjection, ...],
    inputs: tuple[RateInput, ...],
) -> RateCircuit:
    last = populations[-1]
    labels = tuple(f"u{unit}" for unit in range(last.size))
    return RateCircuit(
        name=name,
        dt_s=0.001,
        populations=populations,
        projections=projections,
        inputs=inputs,
        readouts=(Readout(name="read", population=last.name, kind="activity", labels=labels, window_s=0.05),),
        origin_sha256="",
    )


def _drive(size: int, name: str = "drive", target: str = "a", **more: float) -> RateInput:
    return RateInput(name=name, target=target, weight=np.eye(size), **more)


def _shown(**levels: list[list[float]]) -> tuple[Stimulus, ...]:
    """Two trials with three levels each: input -> (levels, channels), the second trial backwards."""
    values = {
        name: np.stack([np.array(level, dtype=np.float64), np.array(level, dtype=np.float64)[::-1]])
        for name, level in levels.items()
    }
    edges_s = LASTS_S * np.arange(3) / 3
    return (Stimulus(name="shown", duration_s=LASTS_S, edges_s=edges_s, values=values, labels=np.full(2, -1)),)


RISE = [[0.2, 0.4], [0.8, 0.6], [0.5, 1.0]]


def _chain(name: str, transfer: TransferKind = "relu", *, size: int = 2, **more: object) -> Row:
    """A driven population, and one that it drives."""
    circuit = _circuit(
        name,
        (_population("a", size), _population("b", size, transfer)),
        (_projection("a", "b", 0.8 * np.eye(size), **more),),
        (_drive(size),),
    )
    return Row(circuit=circuit, stimuli=_shown(drive=[level[:size] for level in RISE]))


def _filter_before() -> Row:
    """Filters act on the drive, and what is observed is the rate itself."""
    circuit = _circuit(
        "filter-before",
        (
            replace(_population("a", 2, tau_s=0.0), observe_tau_s=0.01),
            replace(_population("b", 2, tau_s=0.0), observe_tau_s=0.01),
        ),
        (_projection("a", "b", 0.8 * np.eye(2)),),
        (_drive(2, tau_s=TAU_S),),
    )
    return Row(circuit=circuit, stimuli=_shown(drive=RISE))


def _second_order() -> Row:
    """A critically damped kernel, which a chip with one filter gets a relay for."""
    return _chain("second-order", order=2)


def _several_inputs() -> Row:
    circuit = _circuit(
        "several-inputs",
        (_population("a", 2), _population("b", 1)),
        (_projection("a", "b", np.array([[0.5, 0.5]])),),
        (_drive(2), _drive(1, "gate", "b"), RateInput(name="all", target="a", weight=np.ones((2, 1)), tau_s=TAU_S)),
    )
    stimuli = _shown(drive=RISE, gate=[[0.1], [0.3], [0.2]], all=[[0.1], [0.2], [0.3]])
    return Row(circuit=circuit, stimuli=stimuli)


def _undriven() -> Row:
    """A population that only its own bias drives."""
    lone = replace(_population("a", 2), bias=np.array([0.4, 0.8]))
    circuit = _circuit("undriven", (lone, _population("b", 2)), (_projection("a", "b", 0.8 * np.eye(2)),), ())
    return Row(circuit=circuit, stimuli=(replace(_shown(drive=RISE)[0], values={}),))


def _recurrent() -> Row:
    """Excitation and inhibition in a loop, neither of which holds itself."""
    circuit = _circuit(
        "recurrent",
        (_population("a", 2), _population("b", 1)),
        (
            _projection("a", "a", 0.5 * np.eye(2)),
            _projection("a", "b", np.array([[0.4, 0.4]])),
            _projection("b", "a", np.array([[-0.6], [-0.6]])),
        ),
        (_drive(2),),
    )
    return Row(circuit=circuit, stimuli=_shown(drive=RISE))


def _bundled(name: str, keep: int = 1) -> Row:
    """A memory or a machine written in YAML, on the first stimuli that it is calibrated on."""
    model = load(resource_path(f"models/{name}.yaml"))
    return Row(circuit=model.circuit, stimuli=model.read_stimuli().calibration[:keep])


ROWS: dict[str, Callable[[], Row]] = {
    "relu": lambda: _chain("relu"),
    "sigmoid": lambda: _chain("sigmoid", "sigmoid"),
    "softplus": lambda: _chain("softplus", "softplus"),
    "linear": lambda: _chain("linear", "linear"),
    "filter-before": _filter_before,
    "second-order": _second_order,
    "delayed": lambda: _chain("delayed", delay_ticks=3),
    "two-taus": lambda: _two_taus(),
    "input-tau": lambda: _input_tau(),
    "memoryless": lambda: _memoryless(),
    "several-inputs": _several_inputs,
    "one-unit": lambda: _chain("one-unit", size=1),
    "undriven": _undriven,
    "recurrent": _recurrent,
    "memory": lambda: _bundled("memory-items"),
    "machine": lambda: _bundled("turnstile"),
}


def _two_taus() -> Row:
    """Two projections with two time constants into one population, which one filter cannot be."""
    circuit = _circuit(
        "two-taus",
        (_population("a", 2), _population("b", 2)),
        (
            _projection("a", "b", 0.4 * np.eye(2)),
            _projection("a", "b", 0.4 * np.eye(2), name="slow", tau_s=0.05),
        ),
        (_drive(2),),
    )
    return Row(circuit=circuit, stimuli=_shown(drive=RISE))


def _input_tau() -> Row:
    """An input whose filter is slower than that of the projections beside it."""
    circuit = _circuit(
        "input-tau",
        (_population("a", 2), _population("b", 2)),
        (_projection("a", "b", 0.4 * np.eye(2)), _projection("b", "a", -0.3 * np.eye(2))),
        (_drive(2, tau_s=0.05),),
    )
    return Row(circuit=circuit, stimuli=_shown(drive=RISE))


def _memoryless() -> Row:
    """Units that are active before the first step, behind kernels that keep nothing of it."""
    started = replace(_population("a", 2, "sigmoid", tau_s=0.0), initial=np.array([0.8, 0.3]))
    circuit = _circuit(
        "memoryless",
        (started, _population("b", 2, tau_s=0.0)),
        (
            _projection("a", "a", np.array([[0.2, -0.3], [0.3, 0.1]]), tau_s=0.0),
            _projection("a", "b", np.eye(2), tau_s=0.0),
        ),
        (_drive(2),),
    )
    return Row(circuit=circuit, stimuli=_shown(drive=RISE))


@cache
def row(name: str) -> Row:
    """The circuit of a row, made once."""
    return ROWS[name]()
