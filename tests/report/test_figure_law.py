"""Every picture: axes with units, texts that do not collide and can be read on a page, legends; colours that stay."""

import importlib.util
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

import neurocmc
from neurocmc.common.resources import resource_path
from neurocmc.frontends.recall.circuit import recall_network
from neurocmc.frontends.recall.recall_yaml import read_recall_yaml
from neurocmc.frontends.recall.trials import recall_trials
from neurocmc.ir.neurons.memories import CONTENT, CUE
from neurocmc.ir.sensitivity import Sensitivity, UnitSensitivity
from neurocmc.ir.stimulus import Stimulus
from neurocmc.pipeline.artifact import Artifact
from neurocmc.pipeline.latency import LatencyBench
from neurocmc.pipeline.simulate import simulate
from neurocmc.pipeline.study.pictures import draw, read_rows
from neurocmc.pipeline.study.plan import load_plan
from neurocmc.report.figures import draw_activity, draw_gain_fits, draw_sensitivity
from neurocmc.report.figures.distractors import draw_distractors
from neurocmc.report.figures.latency import draw_latency
from neurocmc.report.figures.measures import draw_measures
from neurocmc.report.figures.rasters import draw_rasters
from neurocmc.report.figures.recall import draw_recalls
from neurocmc.report.figures.recorded import draw_recording
from neurocmc.report.figures.states import Band, StateFigure, draw_states
from neurocmc.report.figures.style import canvas, population_colours
from neurocmc.report.figures.sweep import SweepCurve, draw_against_neurons
from neurocmc.report.loihi.core_map import draw_core_map
from neurocmc.report.notebook import draw_budget, draw_edges
from neurocmc.report.truenorth.core_grid import draw_core_grid
from neurocmc.sim.neurons import simulate_neurons
from neurocmc.targets import load_target
from tests.made import by_hand
from tests.report import test_cmc_figures, test_figures, test_robustness_figures
from tests.report.figure_law import collected, faults

ROOT = Path(__file__).resolve().parents[2]
STUDIES = ROOT / "docs" / "studies"
LASTS_S = 0.3
Drawing = Callable[[Path], object]


def script(name: str) -> object:
    """A script of docs as a module."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "docs" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def studies() -> Iterator[tuple[str, Drawing]]:
    """Pictures of the literature's studies, from their tables."""
    for path in sorted(STUDIES.glob("*/study.yaml")):
        if "pictures:" in path.read_text(encoding="utf-8"):
            yield (
                path.parent.name,
                lambda to, path=path: draw(load_plan(path).pictures[0], read_rows(path.parent / "runs.csv"), to),
            )


def recalls(path: Path) -> None:
    memories = read_recall_yaml(resource_path("models/animals.yaml")).memories
    seen = simulate_neurons(recall_network(memories), recall_trials(memories))
    draw_recalls(seen, memories, ((CUE, 0), (CONTENT, 0)), path)


def rasters(path: Path) -> None:
    memories = read_recall_yaml(resource_path("models/animals.yaml")).memories
    path.write_bytes(draw_rasters(simulate_neurons(recall_network(memories), recall_trials(memories))).as_png())


def sweep(path: Path) -> None:
    sizes = np.array([8, 16, 32, 64, 128, 256])
    curves = [
        SweepCurve(circuit=circuit, target=target, code=code, neurons=sizes, value=scale / sizes)
        for circuit in ("one", "another", "a third", "a fourth")
        for scale, target in enumerate(("loihi1", "truenorth"), 1)
        for code in ("threshold", "rate")
    ]
    draw_against_neurons(curves, path, title="Error of four circuits", label="NRMSE [%]", decades=True)


def measures(path: Path) -> None:
    samples = {f"measure {index}": {"with": [0.1 * index, 0.2], "without": [0.3]} for index in range(1, 6)}
    draw_measures(samples, ("with", "without"), path)


MADE: dict[str, Drawing] = {
    **{f"figure {name}": drawing for name, drawing in test_figures.DRAWINGS.items()},
    **{f"cmc {name}": drawing for name, drawing in test_cmc_figures.DRAWINGS.items()},
    **{f"docs {name}": drawing for name, drawing in script("make_pictures").DRAWN.items()},  # type: ignore[attr-defined]
    **{f"study {name}": drawing for name, drawing in studies()},
    "distractors": lambda path: draw_distractors(test_robustness_figures.POINTS, test_robustness_figures.LINE, path),
    "recalls": recalls,
    "rasters": rasters,
    "sweep": sweep,
    "measures": measures,
    "edges": lambda path: path.write_bytes(draw_edges(by_hand.edges())._repr_png_()),  # type: ignore[attr-defined]
}


def figures_of(drawing: Drawing, path: Path) -> list[Figure]:
    with collected() as found:
        drawing(path)
    assert found
    return found


@pytest.mark.parametrize("name", MADE)
def test_a_figure_keeps_the_law(name: str, tmp_path: Path) -> None:
    for figure in figures_of(MADE[name], tmp_path / "a.png"):
        assert faults(figure) == []


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Artifact]:
    """The example, small, on each chip."""
    folder, found = tmp_path_factory.mktemp("law"), dict[str, Artifact]()
    for target in ("loihi1", "truenorth", "nahuku32"):
        artifact = neurocmc.compile(
            ROOT / "examples" / "circuit.yaml", target, folder / target, neurons=8, figures=False
        )
        assert isinstance(artifact, Artifact)
        found[target] = artifact
    return found


def one_trial(artifact: Artifact) -> Stimulus:
    """One trial of the calibration, no longer than 300 ms."""
    stimulus = artifact.stimuli.calibration[0].take(slice(1))
    begun = int((stimulus.edges_s < LASTS_S).sum())
    values = {name: value[:, :begun] for name, value in stimulus.values.items()}
    return replace(stimulus, duration_s=LASTS_S, edges_s=stimulus.edges_s[:begun], values=values)


def sensitivity(artifact: Artifact) -> Sensitivity:
    generator = np.random.default_rng(0)
    populations = tuple(
        UnitSensitivity(
            name=pool.name,
            low=np.zeros(pool.units),
            high=np.ones(pool.units),
            for_decisions=generator.random((pool.units, 20)),
            for_activity=generator.random((pool.units, 20)),
            over_time=generator.random((300, pool.units)),
        )
        for pool in artifact.spiking.pools
    )
    return Sensitivity(circuit="example", what="decisions", trials=20, populations=populations)


def states(artifact: Artifact, path: Path) -> None:
    stimulus = one_trial(artifact)
    seen = simulate(artifact, "emulator", stimulus)
    names = {pool.name: pool.neurons for pool in artifact.spiking.pools}
    first = next(iter(names))
    held = seen.activity[first][0].argmax(axis=1)
    page = StateFigure(
        title="Which unit wins",
        subtitle="the example",
        neurons=names,
        traces=(first,),
        units={first: [f"item {unit}" for unit in range(seen.activity[first].shape[2])]},
        theory={first: 0.5},
        channels={name: [f"in {i}" for i in range(v.shape[2])] for name, v in stimulus.values.items()},
        states=[f"item {unit}" for unit in range(seen.activity[first].shape[2])],
    )
    bands = {"expected": Band(tick_s=seen.tick_s, state=held), "emulator": Band(tick_s=seen.tick_s, state=held)}
    draw_states(seen, seen, stimulus, bands, page, path)


def latencies(artifact: Artifact, path: Path) -> None:
    bench = LatencyBench.of(artifact.built, (one_trial(artifact),), artifact.seed)
    (latency,) = bench.measure(artifact.built.spike_mesh())
    draw_latency(latency.barrier, path, "the example")


def activity(artifact: Artifact, path: Path) -> None:
    stimulus = one_trial(artifact)
    seen = simulate(artifact, "emulator", stimulus)
    names = {pool.name: pool.neurons for pool in artifact.spiking.pools}
    draw_activity({"rate": seen, "emulator": seen}, stimulus, path, neurons=names)


def recorded(artifact: Artifact, path: Path) -> None:
    path.write_bytes(draw_recording(simulate(artifact, "emulator", one_trial(artifact))).as_png())


def budget(artifact: Artifact, path: Path) -> None:
    path.write_bytes(draw_budget(neurocmc.budget(artifact))._repr_png_())  # type: ignore[attr-defined]


COMPILED: dict[str, Callable[[Artifact, Path], None]] = {
    "gain fits": lambda artifact, path: draw_gain_fits(artifact.spiking, path),
    "sensitivity": lambda artifact, path: draw_sensitivity(sensitivity(artifact), artifact.spiking, path),
    "states": states,
    "activity": activity,
    "recorded": recorded,
    "latency": latencies,
    "budget": budget,
}


@pytest.mark.parametrize("target", ["loihi1", "truenorth"])
@pytest.mark.parametrize("name", COMPILED)
def test_a_figure_of_an_artifact_keeps_the_law(
    name: str, target: str, built: dict[str, Artifact], tmp_path: Path
) -> None:
    for figure in figures_of(lambda path: COMPILED[name](built[target], path), tmp_path / "a.png"):
        assert faults(figure) == []


def test_a_figure_that_breaks_the_law_is_told(tmp_path: Path) -> None:
    """Each fault that the law knows, in a figure that has it."""

    def bad(path: Path) -> None:
        with canvas(path, 12.0, 3.0) as figure:
            axes, other = figure.subplots(1, 2)
            for scale in (1.0, 2.0, 3.0):
                axes.plot([0.0, 1.0], [0.0, scale])
            axes.set_xlabel("time")
            axes.text(0.1, 0.5, "one text over another")
            axes.text(0.12, 0.5, "another text")
            axes.text(1.5, 0.5, "a long text that leaves the canvas " * 5).set_in_layout(False)
            for scale in (1.0, 2.0, 3.0):
                other.plot([0.0, 1.0], [0.0, 2.0 * scale])
            other.set(xlabel="time [s]", ylabel="rate [Hz]")
            other.plot([0.05, 0.06], [5.9, 5.9], "o", label="hidden")
            other.legend(loc="upper left")

    (figure,) = figures_of(bad, tmp_path / "bad.png")
    told = "\n".join(faults(figure))
    for text in (
        "'one text over another' runs into 'another text'",
        "leaves the canvas",
        "pt on a page",
        "panel 0 has no unit in 'time'",
        "panel 0 has no y label",
        "panel 1: the legend covers data",
    ):
        assert text in told


def test_many_colours_need_a_legend(tmp_path: Path) -> None:
    def bad(path: Path) -> None:
        with canvas(path, 4.0, 3.0) as figure:
            axes = figure.subplots()
            for scale in (1.0, 2.0, 3.0):
                axes.plot([0.0, 1.0], [0.0, scale])
            axes.set(xlabel="time [s]", ylabel="rate [Hz]")

    (figure,) = figures_of(bad, tmp_path / "bad.png")
    assert faults(figure) == ["panel 0 has 3 colours and no legend"]


@pytest.mark.parametrize("target", ["loihi1", "truenorth"])
def test_a_population_has_one_colour_in_all_pictures(target: str, built: dict[str, Artifact], tmp_path: Path) -> None:
    artifact, found = built[target], load_target(target)
    colours = population_colours(pool.name for pool in artifact.spiking.pools)
    cores: dict[str, Drawing] = {
        "loihi1": lambda path: draw_core_map(artifact.built.chip, found, path),  # type: ignore[attr-defined, arg-type]
        "truenorth": lambda path: draw_core_grid(artifact.built.cores, found, path),  # type: ignore[attr-defined, arg-type]
    }
    (map_of_cores,) = figures_of(cores[target], tmp_path / "cores.png")
    legends = [legend for part in (map_of_cores, *map_of_cores.subfigs) for legend in part.legends]
    in_legend = {
        text.get_text(): to_hex(patch.get_facecolor())
        for legend in legends
        for text, patch in zip(legend.get_texts(), legend.get_patches(), strict=True)
    }
    shown = [name for name in colours if name in in_legend]  # a core has the colour of those with most neurons on it
    assert shown
    for name in shown:
        assert in_legend[name].upper() == colours[name]
    for drawing in ("gain fits", "sensitivity", "states", "activity", "recorded"):
        (figure,) = figures_of(lambda path, own=COMPILED[drawing]: own(artifact, path), tmp_path / "a.png")
        texts = [
            text
            for axes in figure.axes
            for text in (axes.yaxis.label, axes.title, axes._left_title)
            if text.get_text()
        ]
        for name, colour in colours.items():
            own = [text for text in texts if text.get_text().split("\n")[0].removesuffix(" spikes,") == name]
            assert own or drawing == "states"
            assert {to_hex(text.get_color()).upper() for text in own} <= {colour}
