"""Measures what a compilation keeps of its calibration stimuli, on some trials of each."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from neurocmc.common.opening import SUMMARY
from neurocmc.common.strict_json import read_json
from neurocmc.ir.recording import Recording
from neurocmc.ir.stimulus import Stimulus
from neurocmc.pipeline.artifact import Artifact
from neurocmc.pipeline.chips.built import Built
from neurocmc.report.wording import amount
from neurocmc.verification.coverage import NAMED, SilentUnit
from neurocmc.verification.edges import Edge, misses
from neurocmc.verification.fidelity import Pair, fidelity_edges

SAMPLE = "sample.json"
TRIALS = 32  # of each calibration stimulus
TOLD = ("NRMSE", "error of the worst moment", "decisions agree")  # quantities that every compilation shows


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StimulusSample:
    """The first trials of one stimulus on the lowest level, beside the rate circuit."""

    stimulus: str
    part: Stimulus  # its first trials
    of: int  # trials of the stimulus
    edges: tuple[Edge, ...]
    recording: Recording  # of pools
    pair: Pair  # of whole units, beside the rate circuit

    @property
    def missed(self) -> tuple[Edge, ...]:
        """The budgets that these trials already miss."""
        return misses(self.edges)

    def as_json(self) -> dict[str, Any]:
        """Returns plain values, without the recording."""
        edges = [{**asdict(edge), "group": edge.group} for edge in self.edges]
        return {"stimulus": self.stimulus, "trials": self.part.batch, "of": self.of, "edges": edges}


def sample_edges(built: Built, stimuli: Iterable[Stimulus], seed: int = 0) -> tuple[StimulusSample, ...]:
    """Measures a sample of every stimulus."""
    return tuple(_sample(built, stimulus, seed) for stimulus in stimuli)


def _sample(built: Built, stimulus: Stimulus, seed: int) -> StimulusSample:
    part = stimulus.take(slice(TRIALS))
    recording = built.run(part, seed=seed)
    pair = built.beside_rate(part, recording)
    edges = fidelity_edges(
        built.edge_to_rate,
        [pair],
        built.readouts,
        gates=built.gates,
        network=built.spiking,
    )
    return StimulusSample(
        stimulus=stimulus.name, part=part, of=stimulus.batch, edges=edges, recording=recording, pair=pair
    )


def read_sample(artifact: Artifact) -> list[dict[str, Any]]:
    """Reads what compilation wrote of its samples, as plain values."""
    return read_json(artifact.directory / SAMPLE, SUMMARY, "compile again")["samples"]


def kept_lines(samples: Sequence[Mapping[str, Any]], silent: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yields what is kept of each calibration stimulus, a line each; then a warning where that is little."""
    for sample in samples:
        told = "; ".join(_edge_text(edge) for edge in sample["edges"] if edge["quantity"].startswith(TOLD))
        yield (
            f"on calibration stimulus {sample['stimulus']} ({sample['trials']:,} of {sample['of']:,} trials): {told}"
        )
    missed = [(sample, edge) for sample in samples for edge in sample["edges"] if edge["verdict"] == "miss"]
    for sample, edge in missed:
        yield f"warning: on {sample['stimulus']}: {_edge_text(edge)}{_where(edge)}, beyond the limit of `verify`"
    for unit in silent[:NAMED]:
        yield f"warning: {SilentUnit(**unit).text}"
    if len(silent) > NAMED:
        yield f"warning: {len(silent) - NAMED:,} more units never fire; manifest.json names them"


def _edge_text(edge: Mapping[str, Any]) -> str:
    value = "not a number" if edge["value"] is None else amount(edge["value"], edge["unit"])
    ends = edge["interval"]
    within = (
        f" (95 % interval {100 * ends[0]:.3g} to {100 * ends[1]:.3g})" if ends and edge["better"] == "high" else ""
    )
    return f"{edge['quantity']} {value}{within}"


def _where(edge: Mapping[str, Any]) -> str:
    return f", {edge['worst']}" if edge["worst"] else ""
