"""Classifiers of a hand-written circuit: layers on activities of the equations, and every fault at its place."""

from pathlib import Path

import numpy as np
import pytest

from neurocmc.common.errors import InputError
from neurocmc.frontends.circuit_yaml import LoadedYaml
from neurocmc.sim.rate import simulate_rate
from neurocmc.verification.metrics import class_scores
from tests.made.circuit_documents import changed, read

FIRST, SECOND = [[1.0, -2.0, 0.5, 3.0], [0.0, 1.0, -1.0, -2.0]], [[1.0, -1.0], [0.5, 2.0], [0.0, -3.0]]
HIDDEN, OUT = [0.25, -0.5], [0.125, 0.0, 1.0]
WRITTEN = f"{{weight: {FIRST}, bias: {HIDDEN}}}, {{weight: {SECOND}, bias: {OUT}}}"


def text(layers: str = WRITTEN, *changes: tuple[str, str], rest: str = "") -> str:
    classifiers = f"classifiers:\n  kind: {{populations: [e, i], window_ms: 100, layers: [{layers}]{rest}}}\n"
    return changed(("stimuli:\n", f"{classifiers}stimuli:\n"), *changes)


def refused(folder: Path, written: str) -> str:
    with pytest.raises(InputError) as error:
        read(folder, written)
    return str(error.value)


def scores(loaded: LoadedYaml, e_above: float, i_above: float) -> None:
    """Scores against the layers' own arithmetic on activities (of single precision), less what is sent besides."""
    circuit = loaded.circuit
    recorded = simulate_rate(circuit, loaded.stimuli[0])
    mean = np.concatenate(
        [recorded.activity[name][0, -100:].mean(axis=0) - above for name, above in (("e", e_above), ("i", i_above))]
    )
    wanted = np.array(SECOND) @ np.maximum(np.array(FIRST) @ mean + HIDDEN, 0.0) + OUT
    np.testing.assert_allclose(class_scores(recorded, circuit.classifiers[0])[0], wanted, rtol=0, atol=1e-5)


def test_layers_read_the_activities_of_the_equations(tmp_path: Path) -> None:
    scores(read(tmp_path, text()), 0.0, 0.0)


def test_units_of_either_sign_are_read_with_their_sign(tmp_path: Path) -> None:
    tanh = (
        ("threshold: 0.1}", "threshold: 0.1, transfer: tanh, saturation: 2}"),
        ("tau_ms: 10}", "tau_ms: 10, transfer: tanh}"),
    )
    loaded = read(tmp_path, text(WRITTEN, *tanh))
    assert [(p.transfer, p.saturation, p.gain[0]) for p in loaded.circuit.populations] == [
        ("sigmoid", 4.0, 2.0),
        ("sigmoid", 2.0, 2.0),
    ]
    scores(loaded, 2.0, 1.0)


def test_layers_from_a_file(tmp_path: Path) -> None:
    np.savez(tmp_path / "mlp.npz", V=FIRST, c=HIDDEN)
    layers = "{weight: {npz: mlp.npz, key: V}, bias: {npz: mlp.npz, key: c}}"
    layer = read(tmp_path, text(layers)).circuit.classifiers[0].layers[0]
    np.testing.assert_array_equal(layer.weight, FIRST)
    np.testing.assert_array_equal(layer.bias, HIDDEN)
    assert not layer.rectify


def test_rectifiers_stand_between_layers(tmp_path: Path) -> None:
    assert [layer.rectify for layer in read(tmp_path, text()).circuit.classifiers[0].layers] == [True, False]


def test_a_label_is_a_class(tmp_path: Path) -> None:
    label = ("duration_s: 1\n", "duration_s: 1\n    label: 2\n")
    assert read(tmp_path, text(WRITTEN, label)).stimuli[0].labels.tolist() == [2]
    beyond = ("duration_s: 1\n", "duration_s: 1\n    label: 3\n")
    assert "label: there is no such unit or class (got 3) [label-beyond-range]" in refused(
        tmp_path, text(WRITTEN, beyond)
    )


@pytest.mark.parametrize(
    ("layers", "rest", "message"),
    [
        (
            "{weight: [[1, 2]]}",
            "",
            "layers[0].weight: has 1 rows of 2 numbers, 1 rows of 4 are needed [weight-shape]",
        ),
        (f"{{weight: {FIRST}, bias: [1]}}", "", "layers[0].bias: 1 values for 2 outputs [values-count]"),
        (WRITTEN, ", labels: [a]", "labels: 1 labels for 3 outputs [labels-count]"),
        (f"{{weight: {FIRST}}}, {{weight: [[1]]}}", "", "layers[1].weight: has 1 rows of 1 numbers, 1 rows of 2"),
        ("{weight: {npz: no.npz, key: V}}", ", labels: [a, b]", "layers[0].weight.npz: "),
        ("", "", "layers: "),
    ],
)
def test_faults_of_layers(tmp_path: Path, layers: str, rest: str, message: str) -> None:
    told = refused(tmp_path, text(layers, rest=rest))
    assert f"circuit.yaml:15: classifiers.kind.{message}" in told
    assert told.count("cure:") == 1


def test_faults_of_names_and_windows(tmp_path: Path) -> None:
    assert "classifiers.kind.populations[1]: there is no such population (got 'x')" in refused(
        tmp_path, text().replace("[e, i]", "[e, x]")
    )
    assert "[time-off-grid]" in refused(tmp_path, text().replace("[e, i], window_ms: 100", "[e, i], window_ms: 0.5"))
    assert "readout winner: the name occurs 2 times" in refused(tmp_path, text().replace("  kind: {", "  winner: {"))
