"""Loads a published model: its circuit, its images as stimuli, and its own Euler trajectories to compare with."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

import numpy as np
import torch

from neurocmc.circuits.archive import Archive
from neurocmc.circuits.images import Images, ImageSplit, load_task
from neurocmc.common.arrays import Float, Int
from neurocmc.common.errors import InputError, Problem, raise_input_problems
from neurocmc.common.ticks import Sampled
from neurocmc.frontends.published.circuit import TICKS, Cell, cells, published_circuit
from neurocmc.frontends.published.dynamics import PublishedDynamics
from neurocmc.frontends.published.file import CLAMP, STEP, STEPS, PublishedFile, check_published
from neurocmc.frontends.published.host import initial_states
from neurocmc.frontends.published.state import published_state, stripped_text
from neurocmc.ir.rate import RateCircuit
from neurocmc.ir.stimulus import Stimulus

CALIBRATION = "images-calibration"
TEST = "images-test"
DIGITS = "mnist-5k"
CALIBRATION_IMAGES = 1000  # initial states have long tails, and what is beyond those of calibration saturates
MAX_CLAMPED = 0.05  # share of images that may be left out because they reach the published code's clamp
_IMAGES_OPTION = "name images that the model was made for: --images idx:PATH, --images cifar-10:FOLDER"


@dataclass(frozen=True, kw_only=True, eq=False)  # no slots: images are read once, when they are first asked for
class LoadedPublished:
    """A checked published model: the circuit for the chip, and what the host keeps of it."""

    file: PublishedFile
    circuit: RateCircuit
    task: str | None  # whose images drive it; None where the file does not say and nobody did

    @cached_property
    def stimuli(self) -> Mapping[str, Stimulus]:
        """Initial states of up to 1,000 training images (`images-calibration`) and the test images (`images-test`).

        Images that drive a state beyond the published code's clamp are left out, and a stimulus that lacks some says
        so by its name (`images-test-997-of-1000`). Raises InputError where there are no images, they do not fit the
        model, or more than a twentieth reach the clamp.
        """
        split = self._split
        return MappingProxyType(
            {
                CALIBRATION: self._stimulus(CALIBRATION, split.train.take(slice(0, CALIBRATION_IMAGES))),
                TEST: self._stimulus(TEST, split.test),
            }
        )

    @cached_property
    def _split(self) -> ImageSplit:
        if self.task is None:
            what = f"the model takes images of {self.file.input_channels} channels, and none are bundled"
            raise InputError(Problem("published-images-missing", str(self.file.path), what, _IMAGES_OPTION))
        split = load_task(self.task)
        if split.shape[0] != self.file.input_channels:
            what = f"{self.task} has {split.shape[0]} channels, the model takes {self.file.input_channels}"
            raise InputError(Problem("published-images-channels", str(self.file.path), what, _IMAGES_OPTION))
        return split

    def stimulus(self, name: str, states: Float, labels: Int) -> Stimulus:
        """Returns initial states (batch, 8 nodes), node by node, as a stimulus of the circuit."""
        pairs = states.reshape(len(states), self.file.nodes, -1, 2)
        values: dict[str, Float] = {}
        for cell in self._cells:
            voltage = pairs[:, cell.nodes, cell.index, 0]
            stage = voltage + cell.time_constant * pairs[:, cell.nodes, cell.index, 1]
            output = stage + (cell.time_constant - 1) * voltage
            starts = (stage, voltage, voltage, output)
            for population, state in zip(cell.populations, starts, strict=True):
                # One tick of state / d: the filter keeps 1 - d of what it holds and takes d of what comes in.
                values[cell.pulse_input(population)] = np.stack([state / cell.share, np.zeros_like(state)], axis=1)
        return Stimulus(
            name=name, duration_s=TICKS * STEP, edges_s=np.array([0.0, STEP]), values=values, labels=labels
        )

    def reference(self, stimulus: Stimulus) -> dict[str, Float]:
        """Runs the published Euler code under `stimulus`: {population: (batch, ticks, units)}.

        Inputs are added to the raw states at every step, as a state is that comes in as a pulse before the first.
        Raises InputError where the stimulus does not fit the circuit, or drives S and A of a population as no state
        of the model would.
        """
        raise_input_problems(stimulus.problems(self.circuit.inputs))
        raise_input_problems(self._differing(stimulus))
        dynamics = PublishedDynamics(self.file.cmc)
        driven = stimulus.on_ticks(STEP)
        segments = driven.segment_of_tick
        state = torch.zeros(stimulus.batch, 8 * self.file.nodes, dtype=torch.float64)
        found = {p.name: np.empty((stimulus.batch, len(segments), p.size)) for p in self.circuit.populations}
        kicks = [self._kick(driven, segment) for segment in range(len(driven.edges_s))]
        for tick, segment in enumerate(segments):
            v, c = (part.numpy() for part in dynamics.split(state))
            rates = dynamics.rates(state).numpy()
            for cell in self._cells:
                at = (slice(None), cell.nodes, cell.index)
                found[cell.stage][:, tick] = v[at] + cell.time_constant * c[at]
                found[cell.voltage][:, tick] = v[at]
                found[cell.rate][:, tick] = rates[at]
                found[cell.output][:, tick] = cell.time_constant * (v[at] + c[at])
            state = dynamics.step(state) + torch.tensor(kicks[segment])
        return found

    def _differing(self, stimulus: Stimulus) -> Iterator[Problem]:
        for cell in self._cells:
            stage, voltage, rate, output = (stimulus.values[cell.pulse_input(name)] for name in cell.populations)
            for name, got, wanted in (
                (cell.rate, rate, voltage),
                (cell.output, output, stage + (cell.time_constant - 1) * voltage),
            ):
                if not np.allclose(got, wanted, rtol=1e-9, atol=1e-9):
                    what = f"input {cell.pulse_input(name)} does not fit {cell.pulse_input(cell.stage)} and "
                    cure = f"{name} starts with what the states p and v of {cell.name} make of it"
                    yield Problem(
                        "published-inputs-differ",
                        f"stimulus {stimulus.name}",
                        what + cell.pulse_input(cell.voltage),
                        cure,
                    )

    def _kick(self, driven: Sampled, segment: int) -> Float:
        """(batch, 8 nodes) what the inputs of a segment add to the raw states in a step."""
        batch = len(driven.values[self._cells[0].pulse_input(self._cells[0].voltage)])
        kick = np.zeros((batch, self.file.nodes, 4, 2))
        for cell in self._cells:
            voltage = cell.share * driven.values[cell.pulse_input(cell.voltage)][:, segment]
            stage = cell.share * driven.values[cell.pulse_input(cell.stage)][:, segment]
            kick[:, cell.nodes, cell.index, 0] = voltage
            kick[:, cell.nodes, cell.index, 1] = (stage - voltage) / cell.time_constant
        return kick.reshape(batch, -1)

    @cached_property
    def _cells(self) -> tuple[Cell, ...]:
        return cells(self.file.cmc)

    def _stimulus(self, name: str, images: Images) -> Stimulus:
        states = initial_states(self.file, images.planes)
        inside = PublishedDynamics(self.file.cmc).largest(states, STEPS) < CLAMP
        clamped = int((~inside).sum())
        if clamped > MAX_CLAMPED * len(states):
            what = (
                f"{clamped:,} of the {len(states):,} images of {name} drive a state beyond {CLAMP:g}, "
                "where the published code clamps it and a circuit does not"
            )
            cure = "give images scaled as in training, or retrain with weight decay on input_projection"
            raise InputError(Problem("published-state-clamped", str(self.file.path), what, cure))
        if clamped:
            name = f"{name}-{int(inside.sum())}-of-{len(states)}"
        known = self._split.classes == self.file.classes
        labels = images.labels if known else np.full_like(images.labels, -1)
        return self.stimulus(name, states[inside], labels[inside])


def read_published(archive: Archive, path: Path, images: str | None = None) -> LoadedPublished:
    """Reads the published model in an archive. `images` names the task whose images drive it.

    Without `images`, a model of one channel is driven by mnist-5k's digits; labels count where there are as many
    classes as the model has. Raises InputError holding everything that is wrong with the state dict.
    """
    state = published_state(archive)
    if state is None:
        raise InputError(
            Problem(
                "published-state-missing",
                str(path),
                "holds no state dict of the published model",
                "give another file",
            )
        )
    file = check_published(state, archive, path)
    circuit = published_circuit(file)
    raise_input_problems(circuit.problems())
    return LoadedPublished(file=file, circuit=circuit, task=images or (DIGITS if file.input_channels == 1 else None))


def published_facts(loaded: LoadedPublished) -> dict[str, str | float]:
    """Returns what `neurocmc inspect` prints of a published model: its sizes, and where its parts go."""
    file, cmc = loaded.file, loaded.file.cmc
    names = ("ss", "sp", "ii", "dp")
    ranges = {
        f"T of {name}": f"{times.min():.4g} to {times.max():.4g}" if np.ptp(times) else f"{times[0]:.4g}"
        for name, times in zip(names, cmc.time_constants.T, strict=True)
    }
    return {
        "family": "published CMC",
        "task": loaded.task or "none: give --images",
        **({"wrapped in": stripped_text(file.stripped)} if file.stripped else {}),
        "nodes": file.nodes,
        "input channels": file.input_channels,
        "retinal channels": file.retinal_channels,
        "hidden width": file.hidden,
        "classes": file.classes,
        **{
            f"parameters: {part}": file.parameters(part)
            for part in ("retina", "input_projection", "cmc", "classifier")
        },
        **ranges,
        "solver": f"Euler, {STEPS} steps of {STEP}",
    }
