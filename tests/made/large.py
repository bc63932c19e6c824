"""Makes circuits of any size, as users build them with numpy: what grows with them is measured on these.

Each is a circuit file on disk. `neurons` is what a compilation with `pool` neurons per unit comes to, relays and all,
as near as whole modules allow.
"""

from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
from scipy.sparse import csr_array, diags_array, random_array

from neurocmc.common.arrays import Float
from neurocmc.frontends.circuit_file import CircuitFile, read_circuit_file, save_circuit_file
from neurocmc.ir.rate import RateCircuit, RateInput, RatePopulation, RateProjection, Readout
from neurocmc.ir.stimulus import Stimulus

ROOT = Path(__file__).resolve().parents[2]
LASTS_S = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Large:
    """A circuit with the stimulus it is calibrated on, and the neurons per unit that it is compiled with."""

    circuit: RateCircuit
    stimulus: Stimulus
    pool: int

    def save(self, path: Path) -> None:
        """Writes it as a circuit file."""
        file = CircuitFile(
            circuit=self.circuit,
            calibration=(self.stimulus,),
            test=(self.stimulus,),
            facts={},
            images=None,
            memory=None,
            made_from="numpy",
            made_with="",
        )
        save_circuit_file(file, path)


def cmc_columns(neurons: int, pool: int = 32) -> Large:
    """The bundled canonical microcircuit of three regions, its twenty trained columns repeated side by side."""
    model = read_circuit_file(ROOT / "models" / "cmc-v1v3.circuit.npz").circuit
    columns = max(neurons // (24 * pool), 1)  # 12 units a column, each with a relay
    of = np.arange(columns) % model.populations[0].size
    populations = tuple(
        replace(p, size=columns, **{f: getattr(p, f)[of] for f in ("gain", "offset", "bias", "initial")})
        for p in model.populations
    )
    projections = tuple(replace(p, weight=_diagonal(np.diag(p.weight)[of])) for p in model.projections)
    inputs = tuple(replace(entry, weight=_diagonal(np.diag(entry.weight)[of])) for entry in model.inputs)
    circuit = replace(
        model,
        name=f"cmc-{columns}",
        populations=populations,
        projections=projections,
        inputs=inputs,
        classifiers=(),
        readouts=(_activity("V3.dp"),),
    )
    return Large(circuit=circuit, stimulus=_drive("drive", columns, 0.0, 2.0, circuit.dt_s), pool=pool)


def soft_wtas(neurons: int, pool: int = 32) -> Large:
    """Independent winner-take-all circuits of ten units and an inhibitory one, two populations each."""
    modules = max(neurons // (11 * pool), 1)
    rng = np.random.default_rng(0)
    populations, projections, inputs = [], [], []
    for k in range(modules):
        excite, inhibit = f"wta{k}.excite", f"wta{k}.inhibit"
        alpha, beta, gamma = rng.uniform(1.1, 1.3), rng.uniform(0.3, 0.35), rng.uniform(1.8, 2.0)
        populations += [_relu(excite, 10), _relu(inhibit, 1)]
        projections += [
            _projection(excite, excite, alpha * np.eye(10)),
            _projection(excite, inhibit, np.full((1, 10), beta)),
            _projection(inhibit, excite, np.full((10, 1), -gamma)),
        ]
        inputs.append(RateInput(name=f"wta{k}.evidence", target=excite, weight=np.eye(10)))
    circuit = _circuit(f"wta-{modules}", populations, projections, inputs, "wta0.excite")
    values = {entry.name: rng.uniform(0.2, 1.0, (1, 1, 10)) for entry in inputs}
    return Large(circuit=circuit, stimulus=_held(values), pool=pool)


def random_sparse(neurons: int, pool: int = 16, connections: int = 6) -> Large:
    """One population whose units hear a few others, drawn at random; an E-I balance keeps it from running away."""
    units = max(neurons // pool, 1)
    rng = np.random.default_rng(0)
    weight = random_array((units, units), density=connections / units, format="csr", rng=rng)
    weight.data = rng.choice([-1.0, 1.0], weight.nnz) * rng.uniform(0.1, 0.3, weight.nnz)
    driven = max(units // 10, 1)
    into = csr_array((np.ones(driven), (np.arange(driven) * 10 % units, np.arange(driven))), shape=(units, driven))
    circuit = _circuit(
        f"random-{units}",
        [replace(_relu("pool", units), bias=np.full(units, 0.2))],
        [_projection("pool", "pool", weight)],
        [RateInput(name="drive", target="pool", weight=into)],
        "pool",
    )
    return Large(circuit=circuit, stimulus=_held({"drive": rng.uniform(0.2, 1.0, (1, 1, driven))}), pool=pool)


def feed_forward(neurons: int, pool: int = 32, layers: int = 5) -> Large:
    """Layers of units that each hear three neighbours in the layer before."""
    units = max(neurons // (layers * pool), 3)
    rng = np.random.default_rng(0)
    names = [f"layer{k}" for k in range(layers)]
    projections = []
    for before, after in pairwise(names):
        bands = [rng.uniform(0.2, 0.4, units - abs(offset)) for offset in (-1, 0, 1)]
        projections.append(_projection(before, after, csr_array(diags_array(bands, offsets=[-1, 0, 1]))))
    entry = RateInput(name="drive", target=names[0], weight=_diagonal(np.ones(units)))
    circuit = _circuit(f"layers-{units}", [_relu(name, units) for name in names], projections, [entry], names[-1])
    return Large(circuit=circuit, stimulus=_held({"drive": rng.uniform(0.2, 1.0, (1, 1, units))}), pool=pool)


KINDS = {
    "cmc": cmc_columns,
    "soft WTAs": soft_wtas,
    "random sparse": random_sparse,
    "feed-forward": feed_forward,
}


def _circuit(
    name: str,
    populations: list[RatePopulation],
    projections: list[RateProjection],
    inputs: list[RateInput],
    read: str,
) -> RateCircuit:
    return RateCircuit(
        name=name,
        dt_s=1e-3,
        populations=tuple(populations),
        projections=tuple(projections),
        inputs=tuple(inputs),
        readouts=(_activity(read),),
        origin_sha256="0" * 64,
    )


def _activity(population: str) -> Readout:
    return Readout(name="seen", population=population, kind="activity", labels=(), window_s=0.02)


def _relu(name: str, size: int) -> RatePopulation:
    zeros = np.zeros(size)
    return RatePopulation(
        name=name,
        size=size,
        transfer="relu",
        gain=np.ones(size),
        offset=zeros,
        bias=zeros,
        saturation=np.inf,
        trace_tau_s=0.02,
        initial=zeros,
    )


def _projection(source: str, target: str, weight: "Float | csr_array") -> RateProjection:
    return RateProjection(name=f"{source}->{target}", source=source, target=target, weight=weight, tau_s=0.02)


def _diagonal(values: Float) -> csr_array:
    return csr_array(diags_array(values))


def _drive(name: str, channels: int, low: float, high: float, dt_s: float) -> Stimulus:
    values = np.random.default_rng(0).uniform(low, high, (1, 1, channels))
    return replace(_held({name: values}), duration_s=round(10 * LASTS_S / dt_s) * dt_s)


def _held(values: dict[str, Float]) -> Stimulus:
    return Stimulus(name="held", duration_s=LASTS_S, edges_s=np.zeros(1), values=values, labels=np.full(1, -1))
