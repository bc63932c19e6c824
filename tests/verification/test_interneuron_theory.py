"""The theory of interneurons against the rate interpreter: any stable circuit comes to rest where it says."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurocmc.ir.rate import RateCircuit, RateInput, RatePopulation, RateProjection
from neurocmc.ir.stimulus import Stimulus
from neurocmc.sim.rate import simulate_rate
from neurocmc.verification.interneuron_theory import Interneurons, interneurons_of

TAU_S = 0.02
UNITS = 3


def circuit_of(p: Interneurons) -> RateCircuit:
    """The circuit of some parameters, built here and not by the front end that reads it from YAML."""
    sizes = {"pyramidal": p.units, "pv": 1, "sst": 1, "vip": 1, "lamp5": 1}
    threshold = {
        "pyramidal": p.threshold,
        "pv": p.threshold_p,
        "sst": p.threshold_i,
        "vip": p.threshold_v,
        "lamp5": 0.0,
    }
    weights = {
        ("pyramidal", "pyramidal"): p.alpha * np.eye(p.units),
        ("pv", "pyramidal"): np.full((p.units, 1), -p.beta_ff),
        ("sst", "pyramidal"): np.full((p.units, 1), -p.beta1),
        ("pyramidal", "sst"): np.full((1, p.units), p.beta2),
        ("vip", "sst"): np.array([[-p.delta]]),
        ("lamp5", "pyramidal"): np.full((p.units, 1), -p.gamma1),
        ("pyramidal", "lamp5"): np.full((1, p.units), p.gamma2),
    }
    return RateCircuit(
        name="cells",
        dt_s=1e-3,
        populations=tuple(
            RatePopulation(
                name=name,
                size=size,
                transfer="relu",
                gain=np.ones(size),
                offset=np.full(size, threshold[name]),
                bias=np.zeros(size),
                saturation=np.inf,
                trace_tau_s=TAU_S,
                initial=np.zeros(size),
            )
            for name, size in sizes.items()
        ),
        projections=tuple(
            RateProjection(name=f"{a}->{b}", source=a, target=b, weight=weight, tau_s=TAU_S)
            for (a, b), weight in weights.items()
        ),
        inputs=(
            RateInput(name="drive", target="pyramidal", weight=np.eye(p.units)),
            RateInput(name="drive_pv", target="pv", weight=np.full((1, p.units), p.w)),
            RateInput(name="gate", target="vip", weight=np.ones((1, 1))),
        ),
        readouts=(),
        origin_sha256="",
    )


def at_rest(circuit: RateCircuit, drives: np.ndarray, gate: float) -> np.ndarray:
    """(trials, units) activity at the end under drives (trials, units)."""
    drive, trials = drives[:, None], len(drives)
    values = {"drive": drive, "drive_pv": drive, "gate": np.full((trials, 1, 1), gate)}
    stimulus = Stimulus(name="s", duration_s=1.6, edges_s=np.zeros(1), values=values, labels=np.full(trials, -1))
    return simulate_rate(circuit, stimulus).activity["pyramidal"][:, -1]


def number(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(low, high).map(lambda value: round(value, 3))


# alpha and loop gain stay where 1.6 s are enough to come to rest.
PARAMETERS = st.builds(
    Interneurons,
    units=st.just(UNITS),
    alpha=number(0.0, 0.7),
    threshold=number(-0.1, 0.2),
    w=number(0.0, 0.5),
    beta_ff=number(0.0, 0.6),
    threshold_p=number(-0.1, 0.5),
    beta1=number(0.0, 3.0),
    beta2=number(0.0, 0.8),
    threshold_i=number(-0.1, 0.3),
    delta=number(0.0, 1.0),
    threshold_v=number(0.0, 0.5),
    gamma1=number(0.0, 1.0),
    gamma2=number(0.0, 0.5),
)


@settings(max_examples=12)
@given(PARAMETERS, st.integers(0, 2**32 - 1), number(0.0, 1.0))
def test_every_circuit_rests_where_theory_says(parameters: Interneurons, seed: int, gate: float) -> None:
    drives = np.random.default_rng(seed).uniform(0.0, 1.2, (8, UNITS))
    wanted = np.array([parameters.steady(drive, gate) for drive in drives])
    found = at_rest(circuit_of(parameters), drives, gate)
    np.testing.assert_allclose(found, wanted, atol=2e-4 * max(1.0, wanted.max()))


@settings(max_examples=20)
@given(PARAMETERS)
def test_the_parameters_are_read_from_the_circuit(parameters: Interneurons) -> None:
    assert interneurons_of(circuit_of(parameters)) == parameters


WHOLE = Interneurons(
    units=4,
    alpha=0.6,
    threshold=0.05,
    w=0.25,
    beta_ff=0.7,
    beta1=2.0,
    beta2=0.5,
    threshold_i=0.05,
    delta=1.0,
    gamma1=1.0,
    gamma2=0.3,
)


def test_the_gain_is_the_slope_of_a_single_winner() -> None:
    low, high = (WHOLE.steady(np.array([drive, 0, 0, 0]))[0] for drive in (0.8, 1.0))
    assert (high - low) / 0.2 == pytest.approx(WHOLE.gain)
    assert WHOLE.gain == pytest.approx((1 - 0.7 * 0.25) / (1 - 0.6 + 2 * 0.5 + 1 * 0.3))


@pytest.mark.parametrize("gate", [0.0, 1.0])
def test_a_rival_stands_from_its_drive_on(gate: float) -> None:
    """The interpreter: just below it a second unit is silent, just above it is not; an open gate lowers it."""
    rival = WHOLE.rival_drive(1.0, gate)
    circuit = circuit_of(WHOLE)
    pairs = np.array([[1.0, share * rival, 0, 0] for share in (0.98, 1.02)])
    below, above = at_rest(circuit, pairs, gate)[:, 1]
    assert below < 1e-6
    assert above > 1e-3
    assert WHOLE.rival_drive(1.0, 1.0) < WHOLE.rival_drive(1.0, 0.0) < 1.0


def test_what_the_formulas_do_not_know_is_refused() -> None:
    with pytest.raises(ValueError, match="several fixed points"):
        Interneurons(units=2, alpha=1.0, threshold=0.0).steady(np.ones(2))
    circuit = circuit_of(WHOLE)
    with pytest.raises(ValueError, match="no population pyramidal"):
        interneurons_of(
            RateCircuit(
                name="none",
                dt_s=1e-3,
                populations=circuit.populations[1:],
                projections=(),
                inputs=(),
                readouts=(),
                origin_sha256="",
            )
        )
