"""PV, SST, VIP and LAMP5, each switched off in turn: what each is there for, on the rate circuit and on the emulator.

The bundled circuit is compiled five times for Loihi 1, as the pipeline compiles it.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from neurocmc.common.resources import resource_path
from neurocmc.frontends.interneuron_yaml import LoadedYaml, read_interneuron_yaml
from neurocmc.ir.recording import Recording
from neurocmc.ir.stimulus import Stimulus
from neurocmc.pipeline.demos.interneurons import OFF, SOURCE, WHOLE, stretches, switched_off
from neurocmc.pipeline.lower import lower
from neurocmc.pipeline.options import CompileOptions
from neurocmc.sim.loihi.emulator import simulate_emulator
from neurocmc.sim.rate import simulate_rate
from neurocmc.targets import load_target
from neurocmc.verification.interneuron_roles import (
    gain_of,
    gain_stimulus,
    onset_of,
    steady_of,
    winners,
)
from neurocmc.verification.interneuron_theory import interneurons_of
from tests.made.built import loihi

LEVELS = ("rate", "emulator")
Run = Callable[[str, str, Stimulus], Recording]


@pytest.fixture(scope="module")
def circuits(tmp_path_factory: pytest.TempPathFactory) -> dict[str, LoadedYaml]:
    folder: Path = tmp_path_factory.mktemp("interneurons")
    source = resource_path(SOURCE)
    return {
        name: read_interneuron_yaml(switched_off(source, cells, folder / f"{name}.yaml"))
        for name, cells in OFF.items()
    }


@pytest.fixture(scope="module")
def run(circuits: dict[str, LoadedYaml]) -> Run:
    """(level, variant, stimulus) -> recording; each variant is compiled once."""
    target = load_target("loihi1")
    integers = {
        name: loihi(lower(loaded.circuit, loaded.stimuli, target, CompileOptions(neurons=64))).integer
        for name, loaded in circuits.items()
    }

    def seen(level: str, name: str, stimulus: Stimulus) -> Recording:
        if level == "rate":
            return simulate_rate(circuits[name].circuit, stimulus)
        return simulate_emulator(integers[name], stimulus)

    return seen


def pyramidal(recording: Recording) -> np.ndarray:
    return recording.activity["pyramidal"][0]


@pytest.mark.parametrize("level", LEVELS)
def test_pv_sharpens_onset(level: str, run: Run, circuits: dict[str, LoadedYaml]) -> None:
    """It rises in less than 0.6 of the time, peaks above where it ends, and tells first from second sooner."""
    step_s = stretches(circuits[WHOLE].stimulus("graded"))[-1].start_s
    whole, without = (
        onset_of(pyramidal(run(level, name, circuits[name].stimulus("graded"))), 1e-3, step_s)
        for name in (WHOLE, "pv")
    )
    print(f"\n    {level}: {whole} against {without}", end="")
    assert whole.rise_s <= 0.6 * without.rise_s
    assert whole.overshoot >= 1.15 > 1.05 >= without.overshoot
    assert whole.contrast >= 1.2 * without.contrast


@pytest.mark.parametrize("level", LEVELS)
def test_sst_sets_competition(level: str, run: Run, circuits: dict[str, LoadedYaml]) -> None:
    for name, wanted in ((WHOLE, 1), ("sst", 2)):
        recording = run(level, name, circuits[name].stimulus("graded"))
        assert winners(steady_of(pyramidal(recording), 1e-3, 0.6)) == wanted
        last = stretches(circuits[name].stimulus("graded"))[-1]
        assert winners(interneurons_of(circuits[name].circuit).steady(last.drive)) == wanted


@pytest.mark.parametrize("level", LEVELS)
def test_vip_opens_a_gate(level: str, run: Run, circuits: dict[str, LoadedYaml]) -> None:
    """The weaker of two inputs passes while the gate is open; without vip the gate does nothing."""
    theory = interneurons_of(circuits[WHOLE].circuit)
    for name in (WHOLE, "vip"):
        stimulus = circuits[name].stimulus("gate")
        recording = run(level, name, stimulus)
        weak = [steady_of(pyramidal(recording), 1e-3, stretch.end_s)[1] for stretch in stretches(stimulus)[1:]]
        if name == WHOLE:
            opened = theory.steady(np.array([1, 0.75, 0, 0]), 1.0)[1]
            np.testing.assert_allclose(weak, [0.0, opened, 0.0], atol=0.02)
            assert opened > 0.2
        else:
            assert max(weak) < 1e-3


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", [WHOLE, "lamp5"])
def test_lamp5_rescales_gain(level: str, name: str, run: Run, circuits: dict[str, LoadedYaml]) -> None:
    """(1 - beta_ff w) / (1 - alpha + beta1 beta2 + gamma1 gamma2), within 1 %, with it and without."""
    circuit = circuits[name].circuit
    measured = gain_of(run(level, name, gain_stimulus(circuit.inputs, 4)))
    formula = interneurons_of(circuit).gain
    print(f"\n    {level}, {name}: gain {measured:.4f}, formula {formula:.4f}", end="")
    assert measured == pytest.approx(formula, rel=0.001 if level == "rate" else 0.01)
    assert formula == pytest.approx({WHOLE: 0.825 / 1.7, "lamp5": 0.825 / 1.4}[name])


@pytest.mark.parametrize("beta1", [1.0, 2.0, 4.0])
def test_the_weight_of_sst_sets_how_strong_a_rival_must_be(
    tmp_path: Path, beta1: float, circuits: dict[str, LoadedYaml]
) -> None:
    """The weakest drive at which a second unit stands beside the first: on the emulator within 5 % of theory."""
    text = resource_path(SOURCE).read_text()
    assert text.count("beta1: 2,") == 1
    (tmp_path / "m.yaml").write_text(text.replace("beta1: 2,", f"beta1: {beta1:g},"))
    loaded = read_interneuron_yaml(tmp_path / "m.yaml")
    rival = interneurons_of(loaded.circuit).rival_drive(1.0)
    drive = np.zeros((41, 1, 4))
    drive[:, 0, 0], drive[:, 0, 1] = 1.0, rival * np.linspace(0.9, 1.1, 41)
    values = {"drive": drive, "drive_pv": drive, "gate": np.zeros((41, 1, 1))}
    stimulus = Stimulus(name="s", duration_s=1.0, edges_s=np.zeros(1), values=values, labels=np.full(41, -1))
    lowered = lower(loaded.circuit, loaded.stimuli, load_target("loihi1"), CompileOptions(neurons=64))
    found = {}
    for level, recording in (
        ("rate", simulate_rate(loaded.circuit, stimulus)),
        ("emulator", simulate_emulator(loihi(lowered).integer, stimulus)),
    ):
        stands = recording.activity["pyramidal"][:, -200:, 1].mean(axis=1) > 0.01
        assert not stands[0]
        assert stands[-1]
        found[level] = drive[np.argmax(stands), 0, 1]
    print(f"\n    beta1 {beta1:g}: rival {rival:.4f}, found {found}", end="")
    assert found["rate"] == pytest.approx(rival, rel=0.015)
    assert found["emulator"] == pytest.approx(rival, rel=0.05)
    weaker = interneurons_of(circuits[WHOLE].circuit).rival_drive(1.0)
    assert (rival > weaker) == (beta1 > 2.0)
