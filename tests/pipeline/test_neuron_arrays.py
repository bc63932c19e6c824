"""The line of networks that are brought as arrays, in a chip's own integers: nothing of them is rounded."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import sparse

import neurocmc
from neurocmc.ir.neurons.stimulus import EventStimulus
from neurocmc.ir.store import content_sha256
from neurocmc.sim.loihi.compartments.network import SynapseGroup
from tests.pipeline.test_neuron_line import opened, ran, refused, verified

WEIGHTS = np.array([[0, 0, -40], [90, 0, 0], [0, 120, 0]])
INPUTS = np.array([[200, 0], [0, 180], [60, 60]])
REGISTERS: dict[str, Any] = {"decay_u": 1024, "decay_v": [409, 409, 0], "threshold": [100, 200, 200]}


def test_arrays_make_the_same_network_dense_and_sparse(tmp_path: Path) -> None:
    more: dict[str, Any] = {"refractory_ticks": [1, 3, 3], "populations": {"a": 1, "b": 2}, "name": "mine"}
    models = [
        neurocmc.from_neurons(weights=make(WEIGHTS), input_weights=make(INPUTS), **REGISTERS, **more)
        for make in (np.asarray, sparse.csr_matrix, sparse.coo_array)
    ]
    assert len({content_sha256(model.integers) for model in models}) == 1
    assert (dict(models[0].sizes), models[0].name) == ({"a": 1, "b": 2}, "mine")
    labelled = neurocmc.from_neurons(
        weights=WEIGHTS, input_weights=INPUTS, **REGISTERS, **more, events=np.ones((3, 20, 2), int), labels=[0, 1, 2]
    )
    assert labelled.test.labels.tolist() == [0, 1, 2]
    artifact = neurocmc.compile(labelled, "loihi1", tmp_path / "build", figures=False)
    assert artifact.given is None
    result = verified(artifact)
    assert result.passed
    assert [edge.name for edge in result.edges][:2] == ["emulator == compartments", "emulator ~ emitted"]
    seen = ran(opened(tmp_path / "build"), "emulator")
    assert seen.total > 0
    for trial in range(3):
        for unit in range(2):
            ticks = seen.spikes["b"].tick[(seen.spikes["b"].trial == trial) & (seen.spikes["b"].unit == unit)]
            assert (np.diff(ticks) >= 3).all()
    assert refused(ran, artifact, "float") == ["interpreter-unfit"]
    assert refused(verified, artifact, against=tmp_path / "x.npz") == ["interpreter-unfit"]
    assert refused(neurocmc.compile, labelled, "loihi1", tmp_path / "no", weights="two") == ["option-not-for-this"]


def test_further_groups_of_synapses_are_taken() -> None:
    fine = SynapseGroup.from_matrix(WEIGHTS, exponent=-5, delay_ticks=3)
    model = neurocmc.from_neurons(input_weights=INPUTS, synapses=(fine,), **REGISTERS)
    assert [part.exponent for part in model.integers.synapses] == [-5, 0]


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"populations": {"a": 2}}, ["lengths-differ"]),
        ({"populations": {"a": 4, "b": -1}}, ["level-empty"]),
        ({"populations": {"a": 1.5, "b": 1.5}}, ["argument-type"]),
        ({"tick_ms": 0.0}, ["time-not-positive"]),
        ({"labels": [1]}, ["array-missing"]),
        ({"events": np.ones((2, 3, 2), int), "labels": [1]}, ["array-shape"]),
        ({"events": EventStimulus.of_dense("it", np.ones((2, 3, 2), int)), "labels": [1]}, ["array-shape"]),
        ({"events": np.full((2, 3, 2), 0.37)}, ["input-not-spikes"]),
        ({"events": np.ones((2, 3, 3), int)}, ["index-beyond-range"]),
        ({"input_weights": np.ones(3)}, ["array-shape"]),
        ({"input_weights": np.ones((4, 2), int)}, ["array-shape"]),
        ({"refractory_ticks": 0}, ["number-out-of-range"]),
        ({"input_sign": "both"}, ["argument-type"]),
        (
            {
                "synapses": (
                    SynapseGroup(
                        source=[0, 0], target=[1, 1], mantissa=[2, 4], delay_ticks=[0, 0], exponent=0, sign="mixed"
                    ),
                )
            },
            ["level-malformed"],
        ),
    ],
)
def test_arrays_that_make_no_network_are_refused(more: dict[str, Any], expected: list[str]) -> None:
    given = {"weights": None, "input_weights": INPUTS, **REGISTERS} | more
    found = refused(neurocmc.from_neurons, **given)
    assert set(found) == set(expected)
