"""ChipPool: its staircase is what a compiled pool sends, and its gradients are those that its docstring states."""

from collections.abc import Callable
from dataclasses import replace
from math import inf

import numpy as np
import pytest
import torch

import neurocmc
from neurocmc.circuits.chip_pool import ChipPool
from neurocmc.common.arrays import Float
from neurocmc.common.errors import InputError
from neurocmc.ir.rate import RateCircuit, RateInput, RatePopulation, TransferKind
from neurocmc.ir.stimulus import Stimulus
from neurocmc.pipeline.lower import Lowered, lower
from neurocmc.pipeline.options import CompileOptions
from neurocmc.targets import load_target

TOP = 0.8  # where a relu and a softplus are cut off


def one_unit(transfer: TransferKind, saturation: float) -> RateCircuit:
    population = RatePopulation(
        name="x",
        size=1,
        transfer=transfer,
        gain=np.ones(1),
        offset=np.zeros(1),
        bias=np.zeros(1),
        saturation=saturation,
        trace_tau_s=0.0,
        initial=np.zeros(1) if transfer == "relu" else np.full(1, 0.5),
    )
    drive = RateInput(name="drive", target="x", weight=np.eye(1))
    return RateCircuit(
        name="one",
        dt_s=0.001,
        populations=(population,),
        projections=(),
        inputs=(drive,),
        readouts=(),
        origin_sha256="0" * 64,
    )


def driven(values: Float) -> Stimulus:
    """Each value held for one tick."""
    return Stimulus(
        name="steps",
        duration_s=0.001 * len(values),
        edges_s=np.arange(len(values), dtype=np.float64) * 0.001,
        values={"drive": values[None, :, None]},
        labels=np.array([-1]),
    )


def compiled(circuit: RateCircuit, values: Float, target: str, neurons: int) -> Lowered:
    return lower(circuit, (driven(values),), load_target(target), CompileOptions(neurons=neurons))


def half_tanh(z: torch.Tensor) -> torch.Tensor:
    return torch.tanh(z / 2)


Phi = Callable[[torch.Tensor], torch.Tensor]
CASES: dict[str, tuple[TransferKind, float, float, Phi, tuple[float, float]]] = {
    "relu": ("relu", TOP, 0.0, torch.relu, (-1.0, 3.0)),
    "sigmoid": ("sigmoid", 1.0, 0.0, torch.sigmoid, (-9.0, 9.0)),
    "softplus": ("softplus", TOP, 0.0, torch.nn.functional.softplus, (-9.0, 3.0)),
    "tanh": ("sigmoid", 2.0, -1.0, half_tanh, (-9.0, 9.0)),  # a sigmoid of height 2, less 1
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("neurons", [5, 16])
def test_the_staircase_is_that_of_the_ideal_spiking_level(case: str, neurons: int) -> None:
    """Every neuron of the pool fires on the same drives as a step of ChipPool, right up to its threshold."""
    transfer, saturation, floor, phi, (low, high) = CASES[case]
    z = np.linspace(low, high, 20_001)
    network = compiled(one_unit(transfer, saturation), z[::500], "brian2", neurons).spiking
    unit = network.populations[0]
    counts = (unit.current_per_drive[0] * z[:, None] + unit.bias[0] > 1.0).sum(axis=1)
    assert sorted(set(counts.tolist())) == list(range(neurons + 1))  # all levels were seen
    pool = ChipPool(neurons, top=floor + saturation, floor=floor, learned=False)
    sent = pool(phi(torch.tensor(z))).numpy()
    realised = floor + counts * unit.activity_per_spike
    apart = np.abs(sent - realised) > 1e-6
    assert apart.mean() < 1e-3  # rounding on the thresholds themselves, if anything


@pytest.mark.parametrize("case", CASES)
def test_the_staircase_is_that_of_the_emulated_chip(case: str) -> None:
    """At a drive in the middle of each step, all of them, the emulator of Loihi sends what ChipPool gives."""
    transfer, saturation, floor, phi, (low, high) = CASES[case]
    neurons = 16
    circuit = one_unit(transfer, saturation)
    share = np.arange(1, neurons) / neurons
    z = np.concatenate([[low], circuit.populations[0].drive_at(saturation * share), [high]])
    lowered = compiled(circuit, z, "loihi1", neurons)
    recording = lowered.built.run(driven(z))
    sent = ChipPool(neurons, top=floor + saturation, floor=floor, learned=False)(phi(torch.tensor(z))).numpy()
    np.testing.assert_allclose(floor + recording.activity["x"][0, :, 0], sent, atol=1e-6)
    assert len(set(np.rint((sent - floor) / saturation * neurons).tolist())) == neurons + 1


def test_the_gradient_goes_straight_through_within_the_range_and_ends_there() -> None:
    pool = ChipPool(4, top=2.0)
    activity = torch.tensor([-1.0, 0.2, 0.9, 1.9, 2.5], requires_grad=True)
    pool(activity).sum().backward()
    assert activity.grad is not None
    assert activity.grad.tolist() == [0.0, 1.0, 1.0, 1.0, 0.0]


def test_the_range_has_the_gradient_of_learned_step_sizes() -> None:
    """d sent / d top is (sent - activity) / top within the range and 1 above, scaled by 1 / sqrt(units N)."""
    activity = torch.tensor([[0.2, 0.9, 2.5]])
    pool = ChipPool(4, top=2.0)
    pool(activity).sum().backward()
    assert isinstance(pool.log_width, torch.nn.Parameter)
    assert pool.log_width.grad is not None
    wanted = ((0.0 - 0.2) / 2 + (1.0 - 0.9) / 2 + 1.0) * 2.0 / np.sqrt(3 * 4)  # the logarithm brings another top
    assert float(pool.log_width.grad) == pytest.approx(wanted, rel=1e-5)


def test_a_range_that_is_too_narrow_learns_to_be_wide() -> None:
    torch.manual_seed(0)
    activity = 3.0 * torch.rand(200, 10)
    pool = ChipPool(16, top=0.5)
    optimiser = torch.optim.Adam(pool.parameters(), lr=0.05)
    for _ in range(200):
        loss = ((pool(activity) - activity) ** 2).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert 2.7 < pool.top < 3.6  # above 3 nothing pulls but the coarser steps
    loss = ((pool(activity) - activity) ** 2).mean()
    assert float(loss.detach()) < 1.5 * (3.0 / 16) ** 2 / 12


def test_a_fixed_range_has_no_parameter_and_is_saved_all_the_same() -> None:
    pool = ChipPool(8, top=1.0, floor=-1.0, learned=False)
    assert not list(pool.parameters())
    other = ChipPool(8, top=5.0, floor=-1.0, learned=False)
    other.load_state_dict(pool.state_dict())
    assert other.top == pytest.approx(1.0)
    assert "neurons=8, floor=-1, top=1 (fixed)" in repr(pool)


@pytest.mark.parametrize("given", [{"neurons": 0}, {"neurons": 8, "top": 0.0}, {"neurons": 8, "top": inf}])
def test_what_is_no_pool_is_refused(given: dict[str, float]) -> None:
    with pytest.raises(InputError):
        ChipPool(**given)  # type: ignore[arg-type]


def test_it_stands_at_the_top_of_the_library() -> None:
    assert neurocmc.ChipPool is ChipPool
    circuit = one_unit("relu", TOP)
    assert replace(circuit, name="other").populations == circuit.populations
