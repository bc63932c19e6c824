"""The line of content-addressable memories: from a file to a chip, and verified by what they hold."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

import neurocmc
from neurocmc.cli.main import app
from neurocmc.ir.neurons.network import NeuronNetwork, NeuronProjection
from neurocmc.pipeline.neurons.model import NeuronModel
from neurocmc.pipeline.neurons.recall import recall_model
from neurocmc.verification.recall import recall_edges
from tests.made.memories import random_memories
from tests.made.refusals import refused
from tests.pipeline.test_neuron_line import opened, verified

EXAMPLE = Path("models/animals.yaml")
BY_CUE, BY_CONTENT = "wrong spikes of a recall by cue", "wrong spikes of a recall by content"


def values(result: Any, level: str) -> dict[str, float]:
    return {edge.quantity: edge.value for edge in result.edges if edge.name == f"memory ~ {level}"}


@pytest.mark.parametrize("target", ["loihi1", "loihi2"])
def test_a_random_memory_is_exact_on_the_chip(target: str, tmp_path: Path) -> None:
    artifact: Any = neurocmc.compile(recall_model(random_memories(3)), target, tmp_path / "build", figures=False)
    result = verified(artifact)
    assert result.passed
    assert values(result, "float") == values(result, "emulator") == {BY_CUE: 0, BY_CONTENT: 0}
    assert all(loss.largest == 0 for loss in artifact.built.facts.losses.projections)
    again = opened(tmp_path / "build")
    assert again.memories is not None
    assert np.array_equal(again.memories.contents, random_memories(3).contents)
    some = verified(artifact, samples=7)
    assert some.passed
    assert [edge.note.split(",")[0] for edge in some.edges if edge.name == "memory ~ float"] == [
        "4 recalls",
        "3 recalls",
    ]


@pytest.mark.parametrize("target", ["truenorth", "ranc"])
def test_a_random_memory_is_exact_on_neurosynaptic_cores(target: str, tmp_path: Path) -> None:
    artifact: Any = neurocmc.compile(recall_model(random_memories(3)), target, tmp_path / "build", figures=False)
    result = verified(opened(tmp_path / "build"))
    assert result.passed
    assert values(result, "float") == values(result, "emulator") == {BY_CUE: 0, BY_CONTENT: 0}
    exact = {edge.name: edge.value for edge in result.edges if edge.name in ("fitted == cores", "emulator ~ emitted")}
    assert exact == {"fitted == cores": 0, "emulator ~ emitted": 0}
    assert artifact.budget.cores_used == artifact.built.cores_used
    neurocmc.export(artifact, "ranc", tmp_path / "ranc")
    assert (tmp_path / "ranc" / "config.json").is_file()
    with refused("option-not-for-this"):
        neurocmc.compile(recall_model(random_memories(3)), target, tmp_path / "no", weights="one")


def test_brian2_recalls_as_the_interpreter_does(tmp_path: Path) -> None:
    result = verified(neurocmc.compile(recall_model(random_memories(4)), "brian2", tmp_path / "build", figures=False))
    assert result.passed
    assert values(result, "brian2") == {BY_CUE: 0, BY_CONTENT: 0}


def without_a_synapse(projection: NeuronProjection) -> NeuronProjection:
    kept = slice(1, None)
    fields = ("target_index", "source_index", "weight", "delay_ticks")
    return replace(projection, **{field: getattr(projection, field)[kept] for field in fields})


def late(projection: NeuronProjection) -> NeuronProjection:
    return replace(projection, delay_ticks=projection.delay_ticks + 1)


def excitatory(projection: NeuronProjection) -> NeuronProjection:
    return replace(projection, weight=np.abs(projection.weight))


def broken(model: NeuronModel, name: str, change: Callable[[NeuronProjection], NeuronProjection]) -> NeuronModel:
    """The same memory, held by a circuit of which one projection is not what it should be."""
    assert isinstance(model.network, NeuronNetwork)
    projections = tuple(change(p) if p.name == name else p for p in model.network.projections)
    return replace(model, network=replace(model.network, projections=projections))


@pytest.mark.parametrize(
    ("name", "change", "wrong"),
    [
        ("cue_cue->cont_cue", without_a_synapse, {BY_CUE}),
        ("cont_cont->cue_cont", without_a_synapse, {BY_CONTENT}),
        ("cont_cue->content_out", late, {BY_CUE, BY_CONTENT}),
        ("cue_cue->cond", excitatory, {BY_CUE}),
        ("cont_cue->cond", late, {BY_CUE, BY_CONTENT}),
    ],
)
def test_a_circuit_that_holds_something_else_is_found(
    name: str, change: Callable[[NeuronProjection], NeuronProjection], wrong: set[str], tmp_path: Path
) -> None:
    model = broken(recall_model(random_memories(1)), name, change)
    result = verified(neurocmc.compile(model, "loihi1", tmp_path / "build", figures=False))
    assert not result.passed
    for level in ("float", "emulator"):
        assert {quantity for quantity, value in values(result, level).items() if value} == wrong
    missed = [edge for edge in result.edges if edge.name == "memory ~ emulator" and edge.verdict == "miss"]
    assert all(edge.worst and "compile it again" in edge.cure for edge in missed)


def test_a_memory_of_another_network_is_refused(tmp_path: Path) -> None:
    model = replace(recall_model(random_memories(1)), memories=random_memories(0))
    artifact = neurocmc.compile(model, "loihi1", tmp_path / "build", figures=False)
    with refused("artifact-inconsistent"):
        neurocmc.verify(artifact, figures=False)


def test_a_spike_in_another_tick_is_wrong() -> None:
    memories = random_memories(0)
    model = recall_model(memories)
    assert model.network is not None
    from neurocmc.sim.neurons import simulate_neurons

    seen = simulate_neurons(model.network, model.test)
    chosen = np.arange(model.test.batch)
    assert not any(edge.value for edge in recall_edges(memories, seen, chosen))
    again = {name: spikes.later(1, seen.ticks) for name, spikes in seen.spikes.items()}
    edges = recall_edges(memories, replace(seen, spikes=again), chosen)
    total = sum(seen.spikes[name].total for name in ("cue_out", "content_out"))
    assert sum(edge.value or 0 for edge in edges) == 2 * total


def test_the_commands_read_a_memory(tmp_path: Path) -> None:
    runner = CliRunner()

    def run(*words: str) -> tuple[int, str]:
        result = runner.invoke(app, list(words))
        return result.exit_code, result.output

    code, told = run("inspect", str(EXAMPLE))
    assert (code, "content-addressable memory" in told) == (0, True)
    build = str(tmp_path / "build")
    assert run("compile", str(EXAMPLE), "--target", "loihi1", "--no-figures", "-o", build)[0] == 0
    assert (Path(build) / "memory.yaml").read_bytes() == EXAMPLE.read_bytes()
    code, told = run("verify", build, "--no-figures")
    assert (code, "memory ~ emulator" in told) == (0, True)
    assert run("simulate", build, "--on", "emulator", "-o", str(tmp_path / "out.npz"))[0] == 0
    assert run("export", build, "--to", "nir", "-o", str(tmp_path / "out.nir"))[0] == 0
    assert run("compile", str(EXAMPLE), "--target", "loihi1", "--semantics", "norse", "-o", build)[0] == 2
    with refused("recall-not-a-circuit"):
        neurocmc.load(EXAMPLE)
    with refused("option-not-for-this"):
        neurocmc.compile(EXAMPLE, "loihi1", build, reset="zero")
