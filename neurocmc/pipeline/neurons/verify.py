"""Walks the edges between the levels of a compiled network of neurons, and judges what was kept."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from neurocmc.common.errors import InputError, Problem
from neurocmc.common.files import json_text, write_file
from neurocmc.common.progress import DONE, Progress, rising
from neurocmc.frontends.recall.trials import recall_trials
from neurocmc.ir.neurons.memories import CONTENT, CUE, OUT, Memories, Side
from neurocmc.ir.neurons.network import NeuronNetwork
from neurocmc.ir.neurons.recording import NeuronRecording
from neurocmc.ir.neurons.stimulus import EventStimulus
from neurocmc.ir.neurons.store import load_events, load_recorded
from neurocmc.pipeline.neurons.artifact import MEMORY, NeuronArtifact
from neurocmc.pipeline.neurons.reporting import Reported, write_report_of
from neurocmc.pipeline.program import check_nothing_added, emitted_again
from neurocmc.report.html import edges_as_html
from neurocmc.sim.neurons import decisions, simulate_neurons, ties
from neurocmc.verification.edges import Edge, misses
from neurocmc.verification.limits import read_limits, with_limits
from neurocmc.verification.neurons import Seen, fidelity_edges, recorded_edge
from neurocmc.verification.recall import is_of_recall, recall_edges

if TYPE_CHECKING:
    from matplotlib.figure import Figure

VERIFY = "verify.json"
FORMAT, VERSION = "neurocmc-neuron-verification", 1


@dataclass(frozen=True, slots=True, kw_only=True)
class NeuronVerifyOptions:
    """The choices of a user for a verification."""

    samples: int | None = None  # trials of the stimulus, None: all
    against: Path | None = None  # events and what a framework recorded on them
    limits: tuple[str, ...] = ()  # `EDGE: QUANTITY=VALUE`
    figures: bool = True


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class NeuronVerification:
    """All edges that were walked, and the page that shows them."""

    edges: tuple[Edge, ...]
    report: Path

    def __repr__(self) -> str:
        """One line: whether it passed, and how many budgets were kept."""
        judged = [edge for edge in self.edges if edge.verdict != "not run"]
        missed = [edge.key for edge in misses(self.edges)]
        told = "passed" if self.passed else f"missed {', '.join(missed)}"
        return f"<NeuronVerification {told}: {len(judged) - len(missed)} of {len(judged)} budgets kept>"

    def _repr_html_(self) -> str:
        """A table of all edges, for notebooks."""
        return edges_as_html(self.edges)

    def plot(self) -> "Figure":
        """Draws how much of its limit each edge has used; what lies right of the line misses.

        Returns:
            A figure of matplotlib, which shows itself as the last value of a notebook's cell.
        """
        from neurocmc.report.notebook import draw_edges  # here and not above: only notebooks draw it

        return draw_edges(self.edges)

    @property
    def passed(self) -> bool:
        """Whether no budget was missed."""
        return not misses(self.edges)

    def as_json(self) -> dict[str, Any]:
        """Returns what `verify --json` prints."""
        edges = [{name: _plain(value) for name, value in asdict(edge).items()} for edge in self.edges]
        return {"format": FORMAT, "version": VERSION, "passed": self.passed, "edges": edges}


def verify_neurons(
    artifact: NeuronArtifact, options: NeuronVerifyOptions | None = None, progress: Progress | None = None
) -> NeuronVerification:
    """Walks all edges over the test stimulus of an artifact, and writes verify.json and the report again.

    Args:
        artifact: The artifact.
        options: What the user chose; None is the defaults.
        progress: Called with the name of a stage and the share of the whole that is done, 0 to 1.

    Returns:
        All edges, and the path of the report.

    Raises:
        InputError: For options that make no sense, and for an artifact or recording that is damaged.
        InfeasibleError: Where the stimulus drives a current out of its register.
    """
    options = options or NeuronVerifyOptions()
    if options.samples is not None and options.samples < 1:
        raise InputError(Problem("number-out-of-range", "--samples", f"got {options.samples}", "give 1 or more"))
    limits = read_limits(options.limits)
    check_nothing_added(artifact)
    told = rising(progress)
    told("read", 0.0)
    stimulus, budget = artifact.test.take(slice(options.samples)), artifact.budget
    edges: list[Edge] = []
    if options.against is not None:
        told("recording", 0.0)
        edges.append(_against(artifact, options.against))
    told("float", 0.1)
    edges += _levels(artifact, stimulus)
    if artifact.memories is not None:
        told("recall", 0.5)
        edges += _recall(artifact, artifact.memories, options.samples)
    told("twin", 0.6)
    edges += artifact.built.twin_edges(stimulus)
    told("emitted program", 0.7)
    with emitted_again(artifact) as program:
        edges += artifact.built.emitted_edges(program, artifact.test)
    told("report", 0.9)
    judged = with_limits(edges, limits)
    found = NeuronVerification(edges=tuple(_cured(judged, artifact)), report=artifact.directory / "report.html")
    asked = {"samples": options.samples, "limits": limits}
    write_file(artifact.directory / VERIFY, json_text({**found.as_json(), **asked}))
    reported = Reported(manifest=artifact.manifest, built=artifact.built, budget=budget, edges=found.edges)
    write_report_of(artifact.directory, reported, draw=options.figures)
    told(DONE, 1.0)
    return found


def _levels(artifact: NeuronArtifact, stimulus: EventStimulus) -> list[Edge]:
    """From the network as it was brought, over the fitted one, to the lowest level."""
    built, edges = artifact.built, list[Edge]()
    given, fitted = artifact.given, artifact.fitted
    if given is None or fitted is None:
        built.run(stimulus)  # refuses what leaves its registers
        return edges
    top = _seen(given, simulate_neurons(given, stimulus, level="float"))
    if fitted is not given:
        below = _seen(fitted, simulate_neurons(fitted, stimulus, level="fitted"))
        edges += fidelity_edges("float ~ fitted", top, below, stimulus.labels)
        top = below
    lowest = _seen(fitted, built.run(stimulus))
    above = "float" if fitted is given else "fitted"
    return [*edges, *fidelity_edges(f"{above} ~ {built.level}", top, lowest, stimulus.labels)]


def _recall(artifact: NeuronArtifact, memories: Memories, samples: int | None) -> list[Edge]:
    """What a memory recalls, whatever stimulus judges the rest: by each cue and content bit, or `samples` of them."""
    sizes: dict[Side, int] = {CUE: len(memories.cues), CONTENT: len(memories.features)}
    channels = {entry.name: entry.channels for entry in artifact.inputs}
    if channels != dict(sizes) or any(artifact.built.sizes.get(OUT[side]) != size for side, size in sizes.items()):
        what = "its memory has other cues or content bits than its network"
        raise InputError(
            Problem("artifact-inconsistent", str(artifact.directory / "ir" / MEMORY), what, "compile again")
        )
    trials = recall_trials(memories)
    chosen = np.arange(trials.batch)
    if samples is not None:
        chosen = np.unique(np.linspace(0, trials.batch - 1, min(samples, trials.batch)).astype(np.int64))
    asked = trials.take(chosen)
    seen = [artifact.built.run(asked)]
    if artifact.given is not None:
        seen.insert(0, simulate_neurons(artifact.given, asked, level="float"))
    return [edge for recording in seen for edge in recall_edges(memories, recording, chosen)]


def _seen(network: NeuronNetwork, recording: NeuronRecording) -> Seen:
    """Decisions as the framework takes them; the readouts of all levels are those of the network that was brought."""
    return Seen(recording=recording, decisions=decisions(network, recording), ties=ties(network, recording))


def _against(artifact: NeuronArtifact, path: Path) -> Edge:
    """The interpreter in real numbers against what a framework recorded."""
    if artifact.given is None:
        what = "it was brought in integers: there is nothing that a framework could have recorded"
        raise InputError(Problem("interpreter-unfit", "--against", what, "leave it out"))
    stimulus = load_events(path, artifact.inputs, artifact.dt_s)
    if problems := stimulus.problems(artifact.inputs):
        raise InputError(problem.inside(path) for problem in problems)
    recorded = load_recorded(path, artifact.built.sizes, stimulus)
    return recorded_edge("recorded ~ float", recorded, simulate_neurons(artifact.given, stimulus, level="float"))


def _cured(edges: Iterable[Edge], artifact: NeuronArtifact) -> Iterable[Edge]:
    """Says what mends a budget that is missed."""
    for edge in edges:
        cure = ""
        if edge.verdict == "miss":
            match edge.name:
                case "float ~ fitted":
                    cure = "train some epochs more under the chip's rules (docs/neurons.md: fine-tuning)"
                case "recorded ~ float":
                    cure = "name the framework that recorded it (--semantics), its version, --dt and --reset"
                case name if is_of_recall(name):
                    cure = "compile it again from its cues and contents: the circuit is not the one that holds them"
                case name if "==" not in name and artifact.manifest["options"]["weights"] == "one":
                    cure = "compile with --weights two"
                case _:
                    cure = "compile with a calibration that holds such input (--calibration)"
        yield replace(edge, cure=cure) if cure else edge


def _plain(value: Any) -> Any:
    return None if isinstance(value, float) and not isfinite(value) else value
