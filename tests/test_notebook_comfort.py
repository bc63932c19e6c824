"""What a notebook shows of the objects that calls return: a line or a table each, whatever their sizes."""

from pathlib import Path

import pytest

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
    assert repr(artifact) == f"<Artifact {folder}: chain for loihi1, 4 neurons per unit, threshold code>"
    recording = neurocmc.simulate(artifact)
    assert repr(recording).startswith("<Recording of s on emulator: 1 x 300 ticks of 1 ms; a (2), b (1); ")
    assert repr(recording).endswith(" spikes>")
    verified = neurocmc.verify(artifact, figures=False)
    assert repr(verified).startswith(f"<Verification {'passed' if verified.passed else 'missed '}")
    table = verified._repr_html_()
    assert table.count("<tr>") == 1 + len(verified.edges)
    assert "<td>rate ~ emulator</td>" in table
    assert verified.plot().as_png().startswith(b"\x89PNG")
    bars = verified.plot().axes[0].patches
    assert len(bars) == sum(edge.verdict != "not run" for edge in verified.edges)
    budget = neurocmc.budget(artifact)
    assert repr(budget).startswith("<Budget of chain on loihi1: 1 of 128 cores a chip, ")
    assert "<td>compartments</td><td>12</td>" in budget._repr_html_()
    assert len(budget.plot().axes[0].patches) == sum(row.limit is not None for row in budget.cores[0].resources)
    assert "yes: .report() shows it" in artifact._repr_html_()
    page = artifact.report()
    assert page.path == folder / "report.html"
    assert page._repr_html_().startswith('<iframe title="report" sandbox="allow-scripts"')
    assert "<!doctype" not in page._repr_html_()  # it stands escaped within the frame
    with pytest.raises(
        neurocmc.NeurocmcError, match=r"core-map.png: the artifact has no such picture[^$]*figures=True"
    ):
        artifact.picture("core-map")
    assert repr(artifact.circuit) == "<RateCircuit chain: a (2), b (1)>"
    assert repr(artifact.spiking) == "<SpikingNetwork chain: a (2), b (1)>"
    chip, integer = artifact.built.levels[-1], artifact.built.levels[-2]
    assert repr(integer) == "<IntegerNetwork chain: a (2), b (1)>"
    assert repr(chip) == f"<ChipProgram for loihi1: 1 cores on 1 chips, {integer!r}>"


def test_pictures_certificate_and_decisions(tmp_path: Path) -> None:
    model = neurocmc.load(ROOT / "examples" / "circuit.yaml")
    artifact = neurocmc.compile(model, out=tmp_path / "build", neurons=16)
    picture = artifact.picture("core-map")
    assert picture._repr_png_().startswith(b"\x89PNG")
    assert repr(picture) == f"<Picture {tmp_path / 'build' / 'figures' / 'core-map.png'}>"
    with pytest.raises(neurocmc.NeurocmcError, match=r"its pictures are: [^$]*core-map, gain-fits"):
        artifact.picture("cores")
    certificate = artifact.certificate
    assert (
        repr(certificate)
        == "<Certificate of four-unit-swta: 0 up-states, 0 lost by rounding; 4 winners, 0 lost by rounding>"
    )
    assert str(certificate).startswith("certificate: ")
    for on in ("emulator", "rate"):
        assert artifact.decisions(neurocmc.simulate(artifact, on=on, duration_s=1.5)) == {"winner": [1]}
        assert artifact.decisions(neurocmc.simulate(artifact, on=on, duration_s=0.9)) == {"winner": [0]}
        assert artifact.decisions(neurocmc.simulate(artifact, on=on, duration_s=0.15)) == {"winner": [-1]}


def test_a_sweep_is_told_in_a_line_and_a_table(tmp_path: Path) -> None:
    plan = tmp_path / "plan.yaml"
    circuit = ROOT / "tests" / "hosts" / "chain.yaml"
    plan.write_text(
        f"name: chains\ncircuits: [{circuit}]\ntargets: [loihi1, truenorth]\ncodes: [rate]\nneurons: [4]\n"
    )
    swept = neurocmc.sweep(plan, tmp_path / "swept", figures=False)
    verdicts = [row.verdict for row in swept.rows]
    assert repr(swept) == f"<SweepResult chains: 2 runs, 1 {verdicts[0]}, 1 refused>"
    table = swept._repr_html_()
    assert table.count("<tr>") == 3
    assert "<td>code-unfit</td>" in table


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> neurocmc.Recording:
    out = tmp_path_factory.mktemp("exchanged") / "build"
    artifact = neurocmc.compile(ROOT / "tests" / "hosts" / "chain.yaml", out=out, neurons=4, figures=False)
    return neurocmc.simulate(artifact)


def test_a_recording_as_a_table_of_pandas(recording: neurocmc.Recording) -> None:
    table = recording.to_pandas()
    assert list(table.columns) == ["trial", "time_s", "population", "unit", "activity"]
    assert len(table) == sum(values.size for values in recording.activity.values())
    row = table[(table.population == "a") & (table.unit == 1) & (table.trial == 0)].iloc[17]
    assert row.time_s == pytest.approx(18 * recording.tick_s)
    assert row.activity == recording.activity["a"][0, 17, 1]


def test_a_recording_as_a_dataset_of_xarray(recording: neurocmc.Recording) -> None:
    dataset = recording.to_xarray()
    assert dataset["a"].dims == ("trial", "time_s", "a_unit")
    assert dataset.attrs["level"] == "emulator"
    assert dataset["a"].a_unit.values.tolist() == [0, 1]
    assert (
        float(dataset["b"].isel(trial=0, b_unit=0).sel(time_s=0.1, method="nearest"))
        == recording.activity["b"][0, 99, 0]
    )


def test_a_recording_as_a_block_of_neo(recording: neurocmc.Recording) -> None:
    block = recording.to_neo()
    assert len(block.segments) == recording.activity["a"].shape[0]
    segment = block.segments[0]
    assert [signal.name for signal in segment.analogsignals] == ["a", "b"]
    assert sum(len(train) for train in segment.spiketrains) == sum(
        int((train.trial == 0).sum()) for train in recording.spikes.values()
    )
    first = segment.spiketrains[0]
    own = recording.spikes[first.annotations["population"]]
    at = (own.trial == 0) & (own.unit == first.annotations["unit"]) & (own.neuron == first.annotations["neuron"])
    assert first.times.magnitude == pytest.approx(recording.tick_s * (own.tick[at] + 1))


@pytest.mark.parametrize("library", ["pandas", "xarray", "neo"])
def test_a_library_that_is_not_installed_is_named_with_its_extra(
    recording: neurocmc.Recording, library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("neurocmc.common.extras.is_installed", lambda name: name != library)
    with pytest.raises(neurocmc.NeurocmcError, match=rf"{library}, which is not installed[^$]*neurocmc\[{library}\]"):
        getattr(recording, f"to_{library}")()
