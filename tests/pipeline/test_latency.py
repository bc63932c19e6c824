"""`verify --latency` on every family: what is told of spikes on their way, where it is kept, and who has none."""

from dataclasses import replace
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

import neurocmc
from neurocmc.common.errors import InputError
from neurocmc.ir.stimulus import Stimulus
from neurocmc.pipeline.artifact import Artifact
from neurocmc.pipeline.latency import LatencyBench
from neurocmc.report.figures.latency import draw_latency
from neurocmc.report.latency import latency_table
from tests.cli.running import run

ROOT = Path(__file__).resolve().parents[2]
CIRCUIT = ROOT / "examples" / "circuit.yaml"
LASTS_S = 0.3
CHIPS = ("loihi1", "loihi2", "truenorth", "ns16e", "pohoiki-springs")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Artifact]:
    """The example, small, on each target."""
    folder = tmp_path_factory.mktemp("latency")
    found: dict[str, Artifact] = {}
    for target in (*CHIPS, "brian2", "ranc"):
        artifact = neurocmc.compile(CIRCUIT, target, folder / target, neurons=8, figures=False)
        assert isinstance(artifact, Artifact)
        found[target] = artifact
    return found


def short(artifact: Artifact) -> Stimulus:
    """One trial of the calibration, no longer than 300 ms."""
    stimulus = artifact.stimuli.calibration[0].take(slice(1))
    begun = int((stimulus.edges_s < LASTS_S).sum())
    values = {name: value[:, :begun] for name, value in stimulus.values.items()}
    return replace(stimulus, duration_s=LASTS_S, edges_s=stimulus.edges_s[:begun], values=values)


@pytest.mark.parametrize("target", CHIPS)
def test_where_no_message_is_late_all_is_as_it_runs(target: str, built: dict[str, Artifact]) -> None:
    artifact = built[target]
    chip, stimulus = artifact.built, short(artifact)
    seen = chip.run(stimulus, seed=artifact.seed)
    for tick_ps in (0, 10**9):
        passed = chip.pass_spikes(stimulus, chip.spike_mesh(), tick_ps, seed=artifact.seed)
        for name, activity in seen.activity.items():
            assert np.array_equal(passed.recording.activity[name], activity)
        assert passed.traffic.messages > 0
        assert passed.traffic.late == 0.0


@pytest.mark.parametrize("target", ["loihi1", "truenorth"])
def test_a_shorter_tick_lets_messages_be_late_and_places_change_their_ways(
    target: str, built: dict[str, Artifact]
) -> None:
    artifact = built[target]
    bench = LatencyBench.of(artifact.built, (short(artifact),), artifact.seed)
    mesh = artifact.built.spike_mesh()
    (model,) = bench.measure(mesh)
    longest = model.findings.longest_tick_us - model.findings.barrier_ns / 1000
    found = [latency.findings for latency in bench.measure(mesh, (longest, 0.5 * longest))]
    assert found[0].late == 0.0
    assert found[-1].late > 0.0
    assert found[0].nrmse == 0.0
    assert all(one.share == 0.0 for one in found[0].changed)
    away = bench.measure(mesh.shuffled(0))[0].findings
    assert away.hops >= model.findings.hops
    assert away.messages_per_tick == model.findings.messages_per_tick
    assert bench.measure(mesh)[0].findings == model.findings


def test_places_of_many_chips_are_told_apart(built: dict[str, Artifact]) -> None:
    """Of 768 chips those in use are free to be moved to; of ns16e the corner of the grid that is."""
    assert len(built["pohoiki-springs"].built.spike_mesh().free) == 128
    assert len(built["ns16e"].built.spike_mesh().free) == 4096
    assert built["loihi2"].built.spike_mesh().note.startswith("cores have no stated places")


def test_tables_and_pictures_tell_it(built: dict[str, Artifact], tmp_path: Path) -> None:
    artifact = built["truenorth"]
    bench = LatencyBench.of(artifact.built, (short(artifact),), artifact.seed)
    (latency,) = bench.measure(artifact.built.spike_mesh())
    assert latency.findings.speed > 1.0
    console = Console(width=200, file=StringIO(), record=True)
    console.print(latency_table(latency.findings))
    told = console.export_text()
    for text in (
        "in ticks that wait for their last message",
        "no time of a barrier is published",
        "in ticks of 1000 us that wait for nothing",
        "ISI distortion",
        "not stated, and taken as 0: barrier_ns",
    ):
        assert text in told
    for name in ("one.png", "two.png"):
        draw_latency(latency.barrier, tmp_path / name, "circuit on truenorth")
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()


def test_what_has_no_mesh_or_no_times_is_refused_by_name(built: dict[str, Artifact]) -> None:
    for target, problem in (("brian2", "latency-needs-mesh"), ("ranc", "latency-times-missing")):
        with pytest.raises(InputError) as caught:
            neurocmc.verify(built[target], latency=True)
        (found,) = caught.value.problems
        assert (found.id, found.where) == (problem, f"target {target}")
        assert run("verify", built[target].directory, "--latency").code == 2


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"tick_us": 5.0}, "option-not-for-this"),
        ({"latency": True, "tick_us": 0.0}, "number-out-of-range"),
        ({"latency": True, "tick_us": float("nan")}, "number-out-of-range"),
        ({"latency": True, "tick_us": 1e300}, "number-out-of-range"),
    ],
)
def test_a_tick_that_is_none_is_refused(options: dict[str, float], problem: str, built: dict[str, Artifact]) -> None:
    with pytest.raises(InputError) as caught:
        neurocmc.verify(built["loihi1"], **options)  # type: ignore[arg-type]
    assert [found.id for found in caught.value.problems] == [problem]
