"""What a notebook shows of the objects that calls return: a line or a table each, whatever their sizes."""

from pathlib import Path

import neurocmc

ROOT = Path(__file__).parents[1]


def test_the_names_that_one_needs_stand_at_the_top() -> None:
    from neurocmc.common.errors import NeurocmcError
    from neurocmc.ir.stimulus import Stimulus
    from neurocmc.pipeline.model import Model

    assert (neurocmc.NeurocmcError, neurocmc.Stimulus, neurocmc.Model) == (NeurocmcError, Stimulus, Model)


def test_objects_are_told_in_a_line_and_edges_in_a_table(tmp_path: Path) -> None:
    model = neurocmc.load(ROOT / "tests" / "hosts" / "chain.yaml")
    assert repr(model).startswith("<Model chain from ")
    assert repr(model).endswith("chain.yaml: a (2), b (1); steps of 1 ms>")
    (stimulus,) = model.read_stimuli().calibration
    assert repr(stimulus) == "<Stimulus s: 1 x 300 ms; drive (2)>"
    artifact = neurocmc.compile(model, target="loihi1", out=tmp_path / "build", neurons=4, figures=False)
    folder = tmp_path / "build"
    assert repr(artifact) == f"<Artifact {folder}: chain for loihi1, 4 neurons a unit, threshold code>"
    recording = neurocmc.simulate(artifact)
    assert repr(recording).startswith("<Recording of s on emulator: 1 x 300 ticks of 1 ms; a (2), b (1); ")
    assert repr(recording).endswith(" spikes>")
    verified = neurocmc.verify(artifact, figures=False)
    assert repr(verified).startswith(f"<Verification {'passed' if verified.passed else 'missed '}")
    table = verified._repr_html_()
    assert table.count("<tr>") == 1 + len(verified.edges)
    assert "<td>rate ~ emulator</td>" in table
