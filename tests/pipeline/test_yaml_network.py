"""A trained tanh network in a circuit YAML with its matrices in a file: the same circuit as from arrays, compiled."""

from pathlib import Path

import numpy as np

import neurocmc

UNITS, CHANNELS = 6, 2
STEPS = [(0.02, [1.0, -0.5]), (0.09, [-0.75, 0.25]), (0.16, [0.0, 1.25])]
SECONDS = 0.3

TEXT = """\
name: rnn
dt_ms: 1
form: filter-after
populations:
  h: {size: 6, tau_ms: 20, transfer: tanh, bias: [0.1, -0.2, 0.0, 0.3, 0.05, -0.1]}
projections:
  - {from: h, to: h, weight: {npz: rnn.npz, key: W}}
inputs:
  x: {to: h, weight: {npz: rnn.npz, key: U}}
classifiers:
  class:
    populations: [h]
    window_ms: 40
    labels: [a, b, c]
    layers:
      - {weight: {npz: rnn.npz, key: V1}, bias: {npz: rnn.npz, key: c1}}
      - {weight: {npz: rnn.npz, key: V2}}
stimuli:
  steps:
    duration_s: 0.3
    steps:
"""


def test_a_network_of_a_yaml_is_that_of_arrays_and_compiles(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    weight = rng.normal(0, 0.6 / np.sqrt(UNITS), (UNITS, UNITS))
    drive = rng.normal(0, 0.7, (UNITS, CHANNELS))
    first, second, bias = rng.normal(size=(4, UNITS)), rng.normal(size=(3, 4)), rng.normal(size=4)
    np.savez(tmp_path / "rnn.npz", W=weight, U=drive, V1=first, V2=second, c1=bias)
    (tmp_path / "rnn.yaml").write_text(TEXT + "".join(f"      - {{at_s: {at}, x: {to}}}\n" for at, to in STEPS))
    written = neurocmc.load(tmp_path / "rnn.yaml")

    inputs = np.zeros((1, round(1e3 * SECONDS), CHANNELS))
    for at_s, to in STEPS:
        inputs[0, round(1e3 * at_s) :] = to
    given = neurocmc.from_arrays(
        weight,
        drive,
        np.array([0.1, -0.2, 0.0, 0.3, 0.05, -0.1]),
        activation="tanh",
        tau_ms=20,
        dt_ms=1,
        readout=[(first, bias), (second, np.zeros(3))],
        window_ms=40,
        calibration=inputs,
        populations={"h": UNITS},
    )
    for one, other in zip(written.circuit.populations, given.circuit.populations, strict=True):
        for field in ("gain", "offset", "bias", "initial"):
            np.testing.assert_allclose(getattr(one, field), getattr(other, field), rtol=1e-12)
        assert (one.transfer, one.saturation) == (other.transfer, other.saturation)
    np.testing.assert_allclose(
        written.circuit.classifiers[0].layers[0].bias, given.circuit.classifiers[0].layers[0].bias, rtol=1e-12
    )

    neurocmc.compile(written, target="loihi1", out=tmp_path / "build", neurons=64, figures=False)
    verified = neurocmc.verify(tmp_path / "build", figures=False)
    judged = [edge for edge in verified.edges if edge.verdict in ("pass", "miss")]
    assert judged
    assert all(edge.verdict == "pass" for edge in judged), judged
