"""A relu network that was trained through ChipPool keeps its decisions on a chip; trained without, it does not."""

from math import inf, log

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from neurocmc.circuits.chip_pool import ChipPool
from neurocmc.circuits.training import reproducible
from neurocmc.common.arrays import Float, Int
from neurocmc.ir.rate import Classifier, HostLayer, RateCircuit, RateInput, RatePopulation, RateProjection
from neurocmc.ir.recording import Recording
from neurocmc.ir.stimulus import Stimulus
from neurocmc.pipeline.lower import lower
from neurocmc.pipeline.options import CompileOptions
from neurocmc.sim.rate import simulate_rate
from neurocmc.targets import load_target
from tests.made.small_digits import TRAIN, small_digits

UNITS, NEURONS, ALPHA, DT_S, EPOCHS = 32, 32, 0.5, 0.001, 60


class RowReader(nn.Module):
    """A leaky relu network that gets a digit row by row, and is read after the last."""

    def __init__(self, pool: ChipPool | None) -> None:
        super().__init__()
        self.row, self.recurrent = nn.Linear(8, UNITS), nn.Linear(UNITS, UNITS, bias=False)
        self.readout, self.pool = nn.Linear(UNITS, 10), pool

    def forward(self, images: Tensor) -> Tensor:
        state = images.new_zeros(len(images), UNITS)
        for row in images.unbind(dim=1):
            rate = torch.relu(self.row(row) + self.recurrent(state))
            state = torch.lerp(state, rate if self.pool is None else self.pool(rate), ALPHA)
        return self.readout(state)


def trained(seed: int, pool: ChipPool | None) -> RowReader:
    images, labels = small_digits()
    shown, wanted = torch.tensor(images[:TRAIN]).float(), torch.tensor(labels[:TRAIN])
    with reproducible(seed):
        model = RowReader(pool)
        optimiser = torch.optim.Adam(model.parameters(), lr=5e-3)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, EPOCHS)
        for _ in range(EPOCHS):
            for part in torch.randperm(TRAIN).split(64):
                loss = nn.functional.cross_entropy(model(shown[part]), wanted[part])
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
            schedule.step()
    return model


def numbers(parameter: Tensor) -> Float:
    return parameter.detach().double().numpy()


def as_circuit(model: RowReader) -> RateCircuit:
    """The filter follows the rectifier; a pool's top is where its population saturates."""
    tau_s = -DT_S / log(1.0 - ALPHA)
    units = RatePopulation(
        name="h",
        size=UNITS,
        transfer="relu",
        gain=np.ones(UNITS),
        offset=-numbers(model.row.bias),
        bias=np.zeros(UNITS),
        saturation=inf if model.pool is None else model.pool.top,
        trace_tau_s=tau_s,
        initial=np.zeros(UNITS),
    )
    recurrent = numbers(model.recurrent.weight)
    layer = HostLayer(weight=numbers(model.readout.weight), bias=numbers(model.readout.bias), rectify=False)
    digits = tuple(str(label) for label in range(10))
    return RateCircuit(
        name="row-reader",
        dt_s=DT_S,
        populations=(units,),
        projections=(RateProjection(name="h->h", source="h", target="h", weight=recurrent, tau_s=tau_s),),
        inputs=(RateInput(name="row", target="h", weight=numbers(model.row.weight)),),
        readouts=(),
        origin_sha256="0" * 64,
        classifiers=(Classifier(name="digit", populations=("h",), layers=(layer,), labels=digits, window_s=DT_S),),
    )


def rows(name: str, which: slice) -> Stimulus:
    images, labels = small_digits()
    edges_s = np.arange(8, dtype=np.float64) * DT_S
    return Stimulus(
        name=name, duration_s=8 * DT_S, edges_s=edges_s, values={"row": images[which]}, labels=labels[which]
    )


def decided(circuit: RateCircuit, recording: Recording) -> Int:
    layer = circuit.classifiers[0].layers[0]
    return (recording.activity["h"][:, -1] @ layer.weight.T + layer.bias).argmax(axis=1)


def kept(seed: int, pool: ChipPool | None) -> float:
    """The share of 500 test digits that the emulated chip decides as the rate circuit does."""
    model = trained(seed, pool)
    circuit, test = as_circuit(model), rows("test", slice(TRAIN, None))
    with torch.no_grad():
        told = model(torch.tensor(test.values["row"]).float()).argmax(dim=1).numpy()
    if pool is None:  # the circuit is the network
        assert (decided(circuit, simulate_rate(circuit, test)) == told).all()
    made = lower(circuit, (rows("calibration", slice(256)),), load_target("loihi1"), CompileOptions(neurons=NEURONS))
    on_rates, on_chip = decided(circuit, simulate_rate(circuit, test)), decided(circuit, made.built.run(test))
    share = float((on_rates == on_chip).mean())
    right = [100 * float((answers == test.labels).mean()) for answers in (on_rates, on_chip)]
    how = "through ChipPool" if pool is not None else "without"
    print(
        f"seed {seed}, trained {how}: {100 * share:.1f} % kept, {right[0]:.1f} % right, on the chip {right[1]:.1f} %"
    )
    return share


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (1, 2))])
def test_training_through_the_pools_keeps_decisions(seed: int) -> None:
    through = kept(seed, ChipPool(NEURONS, top=1.0, learned=False))
    without = kept(seed, None)
    assert through >= 0.99
    assert without <= 0.95


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_range_that_is_learned_reads_better_and_keeps_nearly_as_much(seed: int) -> None:
    assert kept(seed, ChipPool(NEURONS, top=1.0)) >= 0.98
