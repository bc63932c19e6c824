"""The limit of a gain fit: no pool that gain matching makes misses it, and it has no room for a neuron more."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurocmc.common.errors import NeurocmcError
from neurocmc.ir.kept import Kept
from neurocmc.ir.loihi.network import IntegerNetwork
from neurocmc.ir.rate import RateCircuit, TransferKind
from neurocmc.ir.spiking import SpikingNetwork
from neurocmc.ir.stimulus import Stimulus
from neurocmc.passes.calibrate import Calibrate
from neurocmc.passes.check_neurons import CheckNeurons
from neurocmc.passes.gain_match import GainMatch
from neurocmc.passes.loihi.quantise import Quantise
from neurocmc.passes.offsets import Offsets
from neurocmc.targets import LoihiTarget, load_target
from neurocmc.theory.loihi import bias_step_lsb, kept_by_integers
from neurocmc.verification.edges import gain_edge
from neurocmc.verification.fit_limit import fit_limit
from tests.made.circuits import driven, population

Matched = tuple[RateCircuit, SpikingNetwork, IntegerNetwork | None]


def matched(
    transfer: TransferKind,
    neurons: int,
    target: str,
    *,
    gain: float = 1.0,
    offset: float = 0.0,
    bias: float = 0.0,
    saturation: float = np.inf,
    span: tuple[float, float] = (-0.2, 1.0),
) -> Matched:
    """One unit, driven over a span of u, down to the integers where the target has any."""
    saturation = 1.0 if transfer == "sigmoid" and saturation == np.inf else saturation
    circuit = driven(population("p", 1, transfer, gain=gain, offset=offset, bias=bias, saturation=saturation))
    levels = np.linspace(*span, 5)
    stimulus = Stimulus(
        name="span",
        duration_s=0.05,
        edges_s=np.zeros(1),
        values={"drive": levels[:, None, None]},
        labels=np.full(5, -1),
    )
    chip = load_target(target)
    staged = Offsets((stimulus,)).run(circuit)
    ranges = Calibrate((stimulus,)).run(staged)
    spiking = CheckNeurons().run(GainMatch(calibration=ranges, neurons=neurons).run(staged, chip), chip)
    return staged, spiking, Quantise().run(spiking, chip) if isinstance(chip, LoihiTarget) else None


def kept(found: Matched) -> Kept | None:
    """What rounding left of the unit; None where there is none."""
    circuit, spiking, integer = found
    return None if integer is None else kept_by_integers(circuit, spiking, integer)


def placing_lsb(found: Matched) -> float:
    held = kept(found)
    return 0.0 if held is None else held.population("p").placing_lsb


@given(
    transfer=st.sampled_from(["relu", "linear", "sigmoid", "softplus"]),
    neurons=st.one_of(st.integers(1, 40), st.integers(1, 600)),
    target=st.sampled_from(["brian2", "loihi1", "loihi2"]),
    gain=st.floats(0.05, 20.0),
    offset=st.floats(-3.0, 3.0),
    bias=st.floats(-3.0, 3.0),
    saturation=st.sampled_from([np.inf, 1.0, 0.3, 50.0]),
    low=st.floats(-30.0, 0.0),
    high=st.floats(0.02, 4.0),
)
@settings(max_examples=60)
def test_no_pool_misses_what_its_grid_promises(
    transfer: TransferKind,
    neurons: int,
    target: str,
    gain: float,
    offset: float,
    bias: float,
    saturation: float,
    low: float,
    high: float,
) -> None:
    span = (low, high + max(offset - bias, 0.0))  # far enough to drive a rectifier
    try:
        found = matched(
            transfer, neurons, target, gain=gain, offset=offset, bias=bias, saturation=saturation, span=span
        )
    except NeurocmcError:  # a register that is too small is told by others
        return
    circuit, spiking, _ = found
    edge = gain_edge(spiking, circuit, kept(found))
    assert edge.verdict == "pass", (edge.value, edge.limit)


# Thresholds far from the range, so that a neuron keeps much of its voltage, and neurons close on the grid of biases.
@pytest.mark.parametrize("target", ["loihi1", "loihi2"])
@pytest.mark.parametrize(
    ("neurons", "gain", "offset", "bias", "high"),
    [
        (313, 5.0, 3.0, 0.0, 3.2),
        (530, 5.0, 3.0, 0.0, 3.2),
        (600, 2.0, 12.0, 0.0, 12.4),
        (244, 1.0, 15.0, 2.5, 13.0),
        (400, 1.0, 5.0, 0.0, 5.5),
    ],
)
def test_a_threshold_far_from_the_range_is_no_miss(
    neurons: int, gain: float, offset: float, bias: float, high: float, target: str
) -> None:
    found = matched("relu", neurons, target, gain=gain, offset=offset, bias=bias, span=(0.0, high))
    circuit, spiking, _ = found
    edge = gain_edge(spiking, circuit, kept(found))
    assert edge.verdict == "pass"
    assert edge.value is not None
    assert edge.value > 0.49 / neurons


@pytest.mark.parametrize("target", ["brian2", "loihi1"])
@pytest.mark.parametrize("transfer", ["relu", "sigmoid"])
def test_there_is_no_room_for_a_neuron_more(transfer: TransferKind, target: str) -> None:
    circuit, spiking, _ = found = matched(transfer, 64, target)
    (pool,) = spiking.populations
    limit = fit_limit(pool, circuit.population("p"), placing_lsb(found))
    assert 0.5 / 64 < limit < 0.55 / 64
    moved = replace(pool, fit=replace(pool.fit, max_error=pool.fit.max_error + 1.0 / 64))
    assert gain_edge(replace(spiking, populations=(moved,)), circuit, kept(found)).verdict == "miss"


def test_the_limit_by_hand() -> None:
    """Half a neuron, half a step of 128 LSB, 1 LSB, and half of the 1/4096 of theta that a voltage keeps."""
    circuit, spiking, integer = found = matched("relu", 400, "loihi1", offset=5.0, span=(0.0, 5.5))
    assert integer is not None
    (pool,), held = spiking.populations, integer.population("p")
    assert bias_step_lsb(pool, held) == 128
    assert held.decay_v == 4095
    theta = pool.lsb_per_threshold
    steps = (64 + 1 + 0.5 * theta / 4096) / (float(held.lsb_per_drive[0]) * pool.fit.ceiling / 400)
    limit = fit_limit(pool, circuit.population("p"), placing_lsb(found))
    assert limit == pytest.approx((0.5 + steps) / 400, rel=1e-12)
    assert steps > 0.1


def test_a_register_finer_than_the_grid_of_the_biases_promises_no_more() -> None:
    """Where biases are few they fit a smaller exponent, and were rounded to the large one's grid all the same."""
    circuit, spiking, integer = found = matched("relu", 200, "loihi1", saturation=0.02, span=(-20.0, 0.5))
    assert integer is not None
    held = integer.population("p")
    assert held.bias_exponent < 7
    assert bias_step_lsb(spiking.population("p"), held) == 128
    assert gain_edge(spiking, circuit, kept(found)).verdict == "pass"
