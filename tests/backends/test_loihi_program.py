"""The emitted Lava program: what its files hold, that its bytes repeat, and what is refused."""

import ast
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from syrupy.assertion import SnapshotAssertion

from neurocmc.backends.loihi import emit_encoded, emit_loihi
from neurocmc.backends.loihi.emit import input_groups
from neurocmc.common.errors import InfeasibleError, InputError
from neurocmc.ir.loihi.network import IntegerNetwork
from neurocmc.ir.stimulus import Stimulus
from neurocmc.sim.loihi.host import encode
from neurocmc.sim.loihi.reference import group_matrix
from neurocmc.sim.loihi.weight_groups import weight_groups
from tests.backends.placing import NEURONS_A_CORE, place_anyhow
from tests.made.networks import random_network, random_values

TICKS = 30


def emit(network: IntegerNetwork, folder: Path, stimulus: str = "check") -> Path:
    values = random_values(network, seed=1, batch=2, ticks=TICKS)
    emit_encoded(place_anyhow(network), {stimulus: values}, {stimulus: TICKS}, {stimulus: np.array([3, 1])}, folder)
    return folder


def load(path: Path) -> dict[str, np.ndarray]:
    with np.load(path) as file:
        return dict(file)


@pytest.fixture(scope="module")
def network() -> IntegerNetwork:
    return random_network(seed=4)


def test_network_file_holds_every_register_and_synapse(network: IntegerNetwork, tmp_path: Path) -> None:
    arrays = load(emit(network, tmp_path) / "network.npz")
    assert arrays["population.name"].tolist() == [population.name for population in network.populations]
    for population, place in zip(network.populations, network.neuron_slices().values(), strict=True):
        assert (arrays["neuron.decay_u"][place] == population.decay_u).all()
        assert (arrays["neuron.decay_v"][place] == population.decay_v).all()
        assert (arrays["neuron.threshold_mantissa"][place] == population.threshold_mantissa).all()
        assert (arrays["neuron.bias_exponent"][place] == population.bias_exponent).all()
        assert (arrays["neuron.bias_mantissa"][place] == population.bias_mantissa.ravel()).all()
        assert (arrays["neuron.u_initial"][place] == np.repeat(population.u_initial, population.neurons)).all()
        assert (arrays["neuron.v_initial"][place] == population.v_initial.ravel()).all()
    unit = np.repeat(np.arange(arrays["unit.first"].size - 1), np.diff(arrays["unit.first"]))
    for group in weight_groups(network):
        dense = np.zeros((unit[-1] + 1, unit[-1] + 1), dtype=np.int64)
        entries = (arrays[f"weights.{group.name}.target"], arrays[f"weights.{group.name}.source"])
        dense[entries] = arrays[f"weights.{group.name}.mantissa"]
        assert (dense[unit][:, unit] == group_matrix(network, group).toarray()).all()
    place = np.arange(network.neurons)
    assert (arrays["neuron.core"] * NEURONS_A_CORE + arrays["neuron.slot"] == place).all()


def test_stimulus_file_carries_the_values(network: IntegerNetwork, tmp_path: Path) -> None:
    program = emit(network, tmp_path)
    stimulus, arrays = load(program / "stimulus-check.npz"), load(program / "network.npz")
    assert (stimulus["ticks"], stimulus["trials"], stimulus["labels"].tolist()) == (TICKS, 2, [3, 1])
    values = random_values(network, seed=1, batch=2, ticks=TICKS)
    units, first = arrays["unit.first"].size - 1, network.first_unit()
    for group in input_groups(network):
        spikes = np.unpackbits(stimulus[f"{group.key}.bits"], axis=-1, count=arrays[f"{group.key}.axons"].item())
        weights = np.zeros((units, spikes.shape[-1]), dtype=np.int64)
        weights[arrays[f"{group.key}.target"], arrays[f"{group.key}.source"]] = arrays[f"{group.key}.mantissa"]
        wanted = np.zeros((2, TICKS, units), dtype=np.int64)
        for entry in group.entries:
            start = first[entry.target]
            wanted[:, :, start : start + network.population(entry.target).units] += values[entry.name]
        assert (spikes.astype(np.int64) @ weights.T == wanted).all()


def test_two_emissions_have_the_same_bytes(network: IntegerNetwork, tmp_path: Path) -> None:
    first, second = emit(network, tmp_path / "first"), emit(network, tmp_path / "second")
    names = sorted(path.name for path in first.iterdir())
    assert names == ["README.md", "network.npz", "run.py", "stimulus-check.npz"]
    for name in names:
        assert (first / name).read_bytes() == (second / name).read_bytes(), name


def test_run_py_is_python_3_10_and_imports_only_lava_numpy_scipy(network: IntegerNetwork, tmp_path: Path) -> None:
    text = (emit(network, tmp_path) / "run.py").read_text()
    tree = ast.parse(text, feature_version=(3, 10))
    modules = {
        name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in (
            [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
        )
    }
    assert modules - {"argparse", "dataclasses", "os", "sys", "pathlib"} == {"lava", "numpy", "scipy"}
    assert max(len(line) for line in text.splitlines()) <= 120


def test_names_cannot_become_code(network: IntegerNetwork, tmp_path: Path) -> None:
    evil = 'a"""\n)\nimport shutil  # {{ name }} \\'
    first, *rest = network.populations
    projections = tuple(
        replace(
            projection,
            name=f"{evil}{index}",
            source=evil if projection.source == first.name else projection.source,
            target=evil if projection.target == first.name else projection.target,
        )
        for index, projection in enumerate(network.projections)
    )
    inputs = tuple(
        replace(entry, name=f"{evil}{index}", target=evil if entry.target == first.name else entry.target)
        for index, entry in enumerate(network.inputs)
    )
    populations = (replace(first, name=evil), *rest)
    renamed = replace(network, name=evil, populations=populations, projections=projections, inputs=inputs)
    tree = ast.parse((emit(renamed, tmp_path) / "run.py").read_text())
    constants = {
        node.targets[0].id: ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and node.targets[0].id in ("NAME", "POPULATIONS")
    }
    assert constants["NAME"] == evil
    assert constants["POPULATIONS"][0][0] == evil
    assert "shutil" not in {
        alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names
    }


def test_a_stimulus_is_encoded_and_its_first_trials_are_kept(network: IntegerNetwork, tmp_path: Path) -> None:
    # One channel drives every unit alike; small enough for the axons.
    inputs = tuple(
        replace(entry, lsb_per_input=np.full((entry.lsb_per_input.shape[0], 1), 1.0)) for entry in network.inputs
    )
    network = replace(network, inputs=inputs)
    levels = np.linspace(0, 5000, 6).reshape(6, 1, 1)
    stimulus = Stimulus(
        name="ramp",
        duration_s=0.02,
        edges_s=np.array([0.0]),
        values={entry.name: levels for entry in inputs},
        labels=np.arange(6),
    )
    emit_loihi(place_anyhow(network), {"ramp": stimulus}, tmp_path)
    arrays = load(tmp_path / "stimulus-ramp.npz")
    assert arrays["labels"].tolist() == [0, 1, 2, 3]
    assert arrays["ticks"] == 20
    wanted = encode(network, stimulus)[inputs[0].name][:4]
    assert np.abs(wanted).max() > 0
    sent = np.unpackbits(arrays["input.0.bits"], axis=-1, count=inputs[0].axon_mantissa.size * wanted.shape[2])
    sums = sent.reshape(*wanted.shape, -1).astype(np.int64) @ inputs[0].axon_mantissa
    assert (sums == wanted).all()


def test_what_lava_would_clip_is_refused(
    network: IntegerNetwork, tmp_path: Path, snapshot: SnapshotAssertion
) -> None:
    pool, *pools = network.populations
    first, second, *rest = network.projections
    wide = replace(first, name="wide", sign="excitatory", mantissa=np.full(first.mantissa.shape, 256), delay_ticks=64)
    odd = replace(second, name="odd", sign="mixed", mantissa=np.full(second.mantissa.shape, -3))
    broken = replace(
        network,
        rule=replace(network.rule, weight_shift=5),
        populations=(
            replace(pool, bias_mantissa=np.full((pool.units, pool.neurons), -5000), bias_exponent=20),
            *pools,
        ),
        projections=(wide, odd, *rest),
        inputs=(replace(network.inputs[0], payload_bits=16, exponent=-1), *network.inputs[1:]),
    )
    with pytest.raises(InfeasibleError) as error:
        emit(broken, tmp_path / "program")
    assert str(error.value) == snapshot
    assert not (tmp_path / "program").exists()


def test_a_stimulus_name_must_fit_a_file(network: IntegerNetwork, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"stimulus '\.\./up': .*\[stimulus-name\]"):
        emit(network, tmp_path / "program", stimulus="../up")
    assert not (tmp_path / "program").exists()


def test_a_program_needs_a_stimulus(network: IntegerNetwork, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least one stimulus"):
        emit_loihi(place_anyhow(network), {}, tmp_path / "program")
