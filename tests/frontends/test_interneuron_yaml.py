"""A winner-take-all with interneurons, read from a few numbers: its equations, its switches, its faults."""

from pathlib import Path

import numpy as np
import pytest

from neurocmc.common.errors import InputError
from neurocmc.common.resources import resource_path
from neurocmc.frontends.interneuron_yaml import read_interneuron_yaml
from neurocmc.ir.rate import RateCircuit
from neurocmc.pipeline.model import load
from neurocmc.sim.rate import simulate_rate

TEXT = """\
name: cells
dt_ms: 1
swta:
  units: 3
  tau_ms: 20
  alpha: 0.6
  alpha2: 0.1
  threshold: 0.05
  labels: [a, b, c]
  interneurons:
    pv: {w: 0.3, beta_ff: 0.5, threshold: 0.1, tau_ms: 5}
    sst: {beta1: 2, beta2: 0.5, threshold: 0.04, tau_ms: 30}
    vip: {delta: 0.8, threshold: 0.2, tau_ms: 8}
    lamp5: {gamma1: 1.5, gamma2: 0.3, tau_ms: 12}
stimuli:
  steps:
    duration_s: 0.3
    label: 1
    steps:
      - {at_s: 0.02, drive: [0.7, 1, 0.4]}
      - {at_s: 0.15, gate: 0.9}
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "cells.yaml"
    path.write_text(text)
    return path


def changed(old: str, new: str) -> str:
    assert TEXT.count(old) == 1, old
    return TEXT.replace(old, new)


def off(*cells: str) -> str:
    lines = TEXT.splitlines()
    assert all(sum(line.startswith(f"    {cell}:") for line in lines) == 1 for cell in cells)
    kept = [next((f"    {cell}: off" for cell in cells if line.startswith(f"    {cell}:")), line) for line in lines]
    return "\n".join(kept)


def by_the_equations(drive: np.ndarray, gate: np.ndarray) -> dict[str, np.ndarray]:
    """(ticks, units) rates r of the file above, from its equations, each quantity filtered where it arrives."""

    def keep(tau_ms: float) -> float:
        return float(np.exp(-1.0 / tau_ms))

    def relu(value: np.ndarray | float) -> np.ndarray:
        return np.maximum(value, 0.0)

    # What arrives where, filtered there: name -> (keep, value).
    at = {"x>x": np.zeros(3), "x>sst": np.zeros(3), "x>lamp5": np.zeros(3)}
    at |= {name: np.zeros(1) for name in ("pv>x", "sst>x", "lamp5>x", "vip>sst", "I>pv", "G>vip")}
    taus = {"x>x": 20, "x>sst": 30, "x>lamp5": 12, "pv>x": 20, "sst>x": 20, "lamp5>x": 20, "vip>sst": 30}
    taus |= {"I>pv": 5, "G>vip": 8}
    rates: dict[str, list[np.ndarray]] = {name: [] for name in ("pyramidal", "pv", "sst", "vip", "lamp5")}
    for tick in range(len(drive)):
        x = at["x>x"]
        around = np.array([x[1], x[0] + x[2], x[1]])
        now = {
            "pyramidal": relu(
                drive[tick] + 0.6 * x + 0.1 * around - 0.5 * at["pv>x"] - 2 * at["sst>x"] - 1.5 * at["lamp5>x"] - 0.05
            ),
            "pv": relu(0.3 * at["I>pv"] - 0.1),
            "sst": relu(0.5 * at["x>sst"].sum() - 0.8 * at["vip>sst"] - 0.04),
            "vip": relu(at["G>vip"] - 0.2),
            "lamp5": relu(np.array([0.3 * at["x>lamp5"].sum()])),
        }
        source = {"x": now["pyramidal"], "I": drive[tick].sum(), "G": gate[tick], **now}
        for name, value in at.items():
            k = keep(taus[name])
            at[name] = k * value + (1 - k) * source[name.split(">")[0]]
        for name, value in now.items():
            rates[name].append(value)
    return {name: np.array(values) for name, values in rates.items()}


def filtered(rates: np.ndarray, tau_ms: float) -> np.ndarray:
    k, trace, out = float(np.exp(-1.0 / tau_ms)), np.zeros(rates.shape[1]), []
    for rate in rates:
        trace = k * trace + (1 - k) * rate
        out.append(trace)
    return np.array(out)


def test_the_circuit_is_its_equations(tmp_path: Path) -> None:
    loaded = read_interneuron_yaml(written(tmp_path, TEXT))
    drive = np.zeros((300, 3))
    drive[20:] = [0.7, 1, 0.4]
    gate = np.zeros((300, 1))
    gate[150:] = 0.9
    wanted = by_the_equations(drive, gate)
    seen = simulate_rate(loaded.circuit, loaded.stimulus("steps")).activity
    # Each is observed as the population it acts on sees it.
    for name, tau_ms in {"pyramidal": 20, "pv": 20, "sst": 20, "vip": 30, "lamp5": 20}.items():
        trace = filtered(wanted[name], tau_ms)
        assert trace.max() > 0.01
        np.testing.assert_allclose(seen[name][0], trace, atol=1e-6)


def shape_of(circuit: RateCircuit) -> tuple[set[str], set[str], set[str]]:
    return (
        {p.name for p in circuit.populations},
        {p.name for p in circuit.projections},
        {entry.name for entry in circuit.inputs},
    )


WHOLE = (
    {"pyramidal", "pv", "sst", "vip", "lamp5"},
    {
        "pyramidal->pyramidal",
        "pv->pyramidal",
        "pyramidal->sst",
        "sst->pyramidal",
        "vip->sst",
        "pyramidal->lamp5",
        "lamp5->pyramidal",
    },
    {"drive", "drive_pv", "gate"},
)


@pytest.mark.parametrize(
    ("cells", "without_inputs"),
    [((), set()), (("pv",), {"drive_pv"}), (("sst", "vip"), {"gate"}), (("vip",), {"gate"}), (("lamp5",), set())],
)
def test_a_word_switches_an_interneuron_off(tmp_path: Path, cells: tuple[str, ...], without_inputs: set[str]) -> None:
    loaded = read_interneuron_yaml(written(tmp_path, off(*cells)))
    populations, projections, inputs = WHOLE
    kept = {name for name in projections if not set(name.split("->")) & set(cells)}
    assert shape_of(loaded.circuit) == (populations - set(cells), kept, inputs - without_inputs)
    assert set(loaded.stimulus("steps").values) == inputs - without_inputs


def test_without_the_section_there_is_no_interneuron(tmp_path: Path) -> None:
    head, _, rest = TEXT.partition("  interneurons:\n")
    text = head.replace("alpha: 0.6", "alpha: 0.3") + rest[rest.index("stimuli:") :]
    circuit = read_interneuron_yaml(written(tmp_path, text)).circuit
    assert shape_of(circuit) == ({"pyramidal"}, {"pyramidal->pyramidal"}, {"drive"})


def test_all_that_reaches_one_population_has_one_time_constant() -> None:
    circuit = read_interneuron_yaml(resource_path("models/interneurons.yaml")).circuit
    for population in circuit.populations:
        assert len({p.tau_s for p in circuit.projections if p.target == population.name}) <= 1


def test_the_model_is_found_by_its_top_level_field() -> None:
    model = load(resource_path("models/interneurons.yaml"))
    assert shape_of(model.circuit) == WHOLE
    assert set(model.read_stimuli().by_name()) == {"graded", "gate", "one-input"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (off("sst"), "cells.yaml:13: swta.interneurons.vip: it inhibits sst, and sst is off"),
        (
            off("sst", "vip", "lamp5").replace("alpha: 0.6", "alpha: 0.9"),
            "cells.yaml:6: swta.alpha: alpha + 2 alpha2 is 1.1, and no inhibition limits it: sst and lamp5 are off",
        ),
        (changed("[a, b, c]", "[a, b]"), "cells.yaml:9: swta.labels: 2 labels for 3 units"),
        (changed("label: 1", "label: 3"), "cells.yaml:18: stimuli.steps.label: there is no such unit (got 3)"),
        (changed("gate: 0.9", "gates: 0.9"), "cells.yaml:21: stimuli.steps.steps[1].gates: there is no such input"),
        (
            changed("beta_ff: 0.5", "beta_fb: 0.5"),
            "cells.yaml:11: swta.interneurons.pv.beta_ff: is missing",
        ),
        (changed("delta: 0.8", "delta: -1"), "cells.yaml:13: swta.interneurons.vip.delta: should be greater"),
        (changed("pv: {w: 0.3, beta_ff: 0.5, threshold: 0.1, tau_ms: 5}", "pv: on"), "swta.interneurons.pv: should"),
        (changed("units: 3", "units: 1"), "cells.yaml:4: swta.units: should be greater than or equal to 2 (got 1)"),
        (changed("    label: 1", "    use: test"), "calibration-missing"),
    ],
)
def test_faults_name_line_and_field(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        read_interneuron_yaml(written(tmp_path, text))
    assert message in str(caught.value)
