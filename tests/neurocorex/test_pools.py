"""Rate circuits on NeuroCoreX: a soft winner-take-all without filters, in pools of the threshold code."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import neurocmc
from neurocmc.common.errors import NeurocmcError
from neurocmc.pipeline.chips.neurocorex import NeuroCoreXBuilt
from neurocmc.sim.neurocorex.pools import digits_of
from neurocmc.sim.rate import simulate_rate

CIRCUIT = Path(__file__).parent / "swta.yaml"
SETTLED = slice(-20, None)  # ticks of a trial


@pytest.fixture(scope="module")
def artifact(tmp_path_factory: pytest.TempPathFactory) -> Any:
    out = tmp_path_factory.mktemp("swta") / "build"
    return neurocmc.compile(CIRCUIT, target="neurocorex", out=out, neurons=12, code="threshold", figures=False)


@pytest.fixture(scope="module")
def built(artifact: Any) -> NeuroCoreXBuilt:
    assert isinstance(artifact.built, NeuroCoreXBuilt)
    return artifact.built


def test_the_compiled_winner_take_all_keeps_every_budget(artifact: Any) -> None:
    found = neurocmc.verify(artifact, figures=False)
    assert found.passed
    edges = {edge.key: edge for edge in found.edges}
    assert edges["rate ~ emulator: decisions agree (winner)"].value == 1.0
    assert edges["rate ~ emulator: NRMSE of rates"].value < 0.05
    assert edges["emulator ~ emitted: spikes that differ"].value == 0
    assert edges["spiking ~ board: gain of the projections"].value < 0.01


def test_settled_rates_are_those_of_the_rate_circuit_within_a_neuron(artifact: Any, built: NeuroCoreXBuilt) -> None:
    spread = built.spiking.population("excite").activity_per_spike
    for stimulus in artifact.stimuli.calibration:
        wanted = simulate_rate(built.as_seen, stimulus).activity["excite"][:, SETTLED].mean(axis=1)
        seen = built.run(stimulus).activity["excite"][:, SETTLED].mean(axis=1)
        assert np.abs(wanted - seen).max() < 1.5 * spread
        assert wanted.argmax() == seen.argmax()


def test_a_drive_is_sent_as_binary_digits(artifact: Any, built: NeuroCoreXBuilt) -> None:
    (stimulus, *_) = artifact.stimuli.calibration
    (digits,) = built.program.digits
    events = digits_of(built.program, stimulus)
    dense = events.spikes["drive"].dense(1, events.ticks, 3 * digits.bits)[0].reshape(events.ticks, 3, digits.bits)
    values = digits.lowest + digits.step * (dense @ (1 << np.arange(digits.bits)))
    assert np.abs(values[-1] - [0.9, 0.7, 0.4]).max() <= 0.5 * digits.step.max() + 1e-9
    louder = replace(stimulus, values={"drive": 3.0 * stimulus.values["drive"]})
    with pytest.raises(NeurocmcError) as error:
        built.run(louder)
    assert error.value.problems[0].id == "drive-beyond-input"


def test_what_a_pool_sends_is_rounded_as_a_whole(built: NeuroCoreXBuilt) -> None:
    board, scale = built.program.board, built.program.scale
    own = board.populations[0].neuron.reshape(3, 12)
    weights = board.registers.all_to_all[np.ix_(6 + own[0], 5 + own[1])].astype(int)
    wanted = built.spiking.projections[0].weight[0, 1] * scale
    for row in weights:
        assert np.abs(np.cumsum(row) - wanted * np.arange(1, 13)).max() <= 0.5 + 1e-9


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("tau_ms: 0", "tau_ms: 20"), "kernel-order-unfit"),
        (("size: 3, tau_ms: 0", "size: 3, tau_ms: 0, initial: 0.5"), "initial-current"),
    ],
)
def test_what_pools_need_and_the_board_lacks_is_refused(change: tuple[str, str], told: str, tmp_path: Path) -> None:
    path = tmp_path / "circuit.yaml"
    path.write_text(CIRCUIT.read_text().replace(*change))
    with pytest.raises(NeurocmcError) as error:
        neurocmc.compile(path, target="neurocorex", out=tmp_path / "out", neurons=12, code="threshold")
    assert error.value.problems[0].id == told


def test_too_many_neurons_are_refused(tmp_path: Path) -> None:
    with pytest.raises(NeurocmcError) as error:
        neurocmc.compile(CIRCUIT, target="neurocorex", out=tmp_path / "out", neurons=64, code="threshold")
    assert error.value.problems[0].what == "192 neurons, limit 87 on neurocorex"
