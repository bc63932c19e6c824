"""Loads a Model from whatever file its circuit comes in.

What reads a kind of file is imported when such a file is read: an artifact needs none of them to be opened.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neurocmc.common.errors import InputError, Problem
from neurocmc.common.extras import need
from neurocmc.common.files import read_npz, write_file
from neurocmc.common.names import nearest_name
from neurocmc.common.process import known_state
from neurocmc.common.strict_yaml import load_document

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from neurocmc.common.arrays import Float
    from neurocmc.frontends.arrays.network import Network
    from neurocmc.frontends.automaton.read import MachineProgram
    from neurocmc.frontends.circuit_yaml import LoadedYaml
    from neurocmc.frontends.memory_trials import MemoryTrials
    from neurocmc.frontends.own_modules import OwnData
    from neurocmc.ir.rate import RateCircuit
    from neurocmc.ir.stimulus import Stimulus

CHECKPOINTS = (".pt", ".pth")
INTERNEURONS = "swta"  # a top-level field that only a file of named interneurons has


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StimulusSet:
    """The stimuli of a model: those to calibrate on, and those to judge the result by."""

    calibration: "tuple[Stimulus, ...]"
    test: "tuple[Stimulus, ...]"

    def calibrated_on(self, names: Sequence[str]) -> "StimulusSet":
        """Returns the same, calibrated on these test stimuli as well. Raises InputError for unknown names."""
        known = {stimulus.name: stimulus for stimulus in (*self.test, *self.calibration)}
        if unknown := [name for name in names if name not in known]:
            raise InputError(
                Problem(
                    "stimulus-unknown", "--calibrate", f"there is no stimulus {name!r}", nearest_name(name, known)
                )
                for name in unknown
            )
        own = {stimulus.name for stimulus in self.calibration}
        more = tuple(known[name] for name in dict.fromkeys(names) if name not in own)
        return StimulusSet(calibration=(*self.calibration, *more), test=self.test)

    def by_name(self) -> "dict[str, Stimulus]":
        """Returns every stimulus once, in order."""
        return {stimulus.name: stimulus for stimulus in (*self.calibration, *self.test)}


WRITTEN = "the circuit was written by hand"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Model:
    """A circuit with its stimuli, and where there is one the torch model that it must follow."""

    path: Path  # of the file; where its content is held in memory, what it would be called
    circuit: "RateCircuit"
    facts: Mapping[str, str | float]  # for `inspect`
    read_stimuli: Callable[[], StimulusSet]  # an encoder takes seconds to run, so it runs when needed
    reference: "Callable[[Stimulus], Mapping[str, Float]] | None"  # torch trajectories (batch, ticks, units)
    no_reference: str = WRITTEN  # why there is none
    images: str | None = None  # the task that was named for a checkpoint which does not name its own
    test_images: "Callable[[], NDArray[np.float32]] | None" = None  # (trials, channels, height, width) of the test
    memory: "MemoryTrials | None" = None  # the trials of a memory task, for other numbers of them
    machine: "MachineProgram | None" = None  # what a state machine or a sequence must do, to be judged by
    content: bytes | None = None  # of the file that it would be read from, where it was made in Python
    read_calibration: "Callable[[], tuple[Stimulus, ...]] | None" = None  # alone, where the test takes long to encode

    def calibration(self) -> "tuple[Stimulus, ...]":
        """Returns the stimuli to calibrate on; those of the test are not made where they can be left out."""
        return self.read_stimuli().calibration if self.read_calibration is None else self.read_calibration()

    def save(self, path: str | Path) -> None:
        """Writes a model that was made in Python to a file, which `load` and `neurocmc compile` read.

        Raises InputError for a model that was read from a file, and where the file cannot be written.
        """
        if self.content is None:
            what = "this model was read from a file"
            raise InputError(Problem("option-not-for-this", str(path), what, f"copy {self.path}"))
        if Path(path).suffix != self.path.suffix:
            what = f"would be read by its ending, and {self.path.suffix} is the one of what it holds"
            raise InputError(Problem("model-suffix-unknown", str(path), what, f"end its name in {self.path.suffix}"))
        write_file(Path(path), self.content)

    def __repr__(self) -> str:
        """One line: what the circuit consists of."""
        pools = ", ".join(f"{p.name} ({p.size:,})" for p in self.circuit.populations)
        return f"<Model {self.circuit.name} from {self.path.name}: {pools}; steps of {1e3 * self.circuit.dt_s:g} ms>"


def load(path: str | Path, images: str | None = None) -> Model:
    """Reads a checkpoint (.pt), a circuit file (.circuit.npz) or a hand-written circuit (.yaml).

    `images` names the task whose images drive a published checkpoint, which does not say so itself. Raises InputError
    naming what is wrong with the file, all of it at once.
    """
    path = Path(path)
    if path.is_dir():
        what = "is a directory, a model is a file"
        raise InputError(
            Problem(
                "not-a-regular-file",
                str(path),
                what,
                "give a model file; an artifact is for simulate, verify and budget",
            )
        )
    match path.suffix:
        case suffix if suffix in CHECKPOINTS:
            return _from_checkpoint(path, images)
        case ".npz":
            _refuse_images(images, "it holds its own stimuli")
            return _from_arrays(path)
        case ".yaml" | ".yml":
            _refuse_images(images, "a circuit written by hand has its own stimuli")
            fields = load_document(path).data
            if {"family", "task"} <= set(fields):
                what = "is a recipe of training, not a circuit"
                raise InputError(
                    Problem("recipe-not-a-circuit", str(path), what, f"train it: neurocmc train {path} -o model.pt")
                )
            return _from_yaml(path, fields)
        case other:
            raise InputError(
                Problem(
                    "model-suffix-unknown",
                    str(path),
                    f"a file ending in {other!r} is not a model"
                    if other
                    else "a file without an ending is not a model",
                    "give a checkpoint of `neurocmc train` (.pt), a circuit file (.circuit.npz) or YAML (.yaml)",
                )
            )


def _refuse_images(images: str | None, what: str) -> None:
    if images is not None:
        raise InputError(
            Problem("option-not-for-this", "--images", what, "leave it out: it is for published checkpoints")
        )


def _from_checkpoint(path: Path, images: str | None) -> Model:
    from neurocmc.frontends.circuit_file import ENDING

    beside = path.with_name(path.stem + ENDING)
    need("torch", str(path), "reading a checkpoint", f"or take {beside}, which holds it" if beside.is_file() else "")
    # Here and not above: torch takes seconds to import, and is an extra; no other model needs it.
    from neurocmc.frontends.checkpoint import facts_of, read_checkpoint
    from neurocmc.frontends.cmc_checkpoint import LoadedCmc
    from neurocmc.frontends.memory_checkpoint import LoadedMemory
    from neurocmc.frontends.swta_checkpoint import LoadedSwta

    loaded = read_checkpoint(path, images)

    @known_state()
    def read_stimuli() -> StimulusSet:
        calibration, *test = loaded.stimuli.values()
        return StimulusSet(calibration=(calibration,), test=tuple(test))

    @known_state()
    def read_calibration() -> "tuple[Stimulus, ...]":
        return (loaded.calibration,) if isinstance(loaded, LoadedSwta) else read_stimuli().calibration

    return Model(
        path=path,
        circuit=loaded.circuit,
        facts=facts_of(loaded),
        read_stimuli=read_stimuli,
        reference=known_state()(loaded.reference),
        images=images,
        test_images=known_state()(loaded.test_images) if isinstance(loaded, LoadedCmc) else None,
        memory=loaded if isinstance(loaded, LoadedMemory) else None,
        read_calibration=read_calibration,
    )


def own_module(module: Any, data: "OwnData", path: Path | None) -> Model:
    """Returns the model of a module that was trained in a loop of one's own, written to `path` if that is given.

    What is compiled is what a file of it gives. Raises InputError for data that do not fit the module.
    """
    from neurocmc.frontends.own_modules import module_content, read_content

    content = module_content(module, data)
    loaded = read_content(content, Path("from_module") if path is None else path)
    if path is not None:
        write_file(path, content)
    stimuli = StimulusSet(calibration=(loaded.stimuli["calibration"],), test=(loaded.stimuli["test"],))
    return Model(
        path=Path("module.pt") if path is None else path,
        circuit=loaded.circuit,
        facts=loaded.facts(),
        read_stimuli=lambda: stimuli,
        reference=known_state()(loaded.reference),
        content=content,
    )


def _from_arrays(path: Path) -> Model:
    from neurocmc.frontends.arrays.reading import MAX_BYTES, read_network
    from neurocmc.frontends.circuit_file import DOCUMENT

    arrays = read_npz(path, max_bytes=MAX_BYTES)
    own = DOCUMENT in arrays or "W" not in arrays
    return _from_circuit_file(path) if own else model_of(read_network(path, arrays), path)


def _from_circuit_file(path: Path) -> Model:
    from neurocmc.frontends.circuit_file import read_circuit_file

    file = read_circuit_file(path)

    def read_stimuli() -> StimulusSet:
        calibration, test = file.stimuli()
        return StimulusSet(calibration=calibration, test=test)

    torch_free = f"a circuit file holds no torch model: compile {file.made_from} for this edge"
    return Model(
        path=path,
        circuit=file.circuit,
        facts={**file.facts, "made from": file.made_from} | ({"made with": file.made_with} if file.made_with else {}),
        read_stimuli=read_stimuli,
        reference=None,
        no_reference=torch_free if file.made_with else WRITTEN,
        test_images=file.test_images,
        memory=file.memory,
    )


def model_of(network: "Network", path: Path | None = None) -> Model:
    """Returns a network of arrays as a model, which its own equations are the reference of.

    Raises InputError with all that is wrong with it.
    """
    from neurocmc.frontends.arrays.network import CALIBRATION, TEST

    circuit = network.circuit()

    def read_stimuli() -> StimulusSet:
        stimuli = {name: network.stimulus(name, circuit) for name in network.data}
        return StimulusSet(calibration=(stimuli[CALIBRATION],), test=(stimuli.get(TEST, stimuli[CALIBRATION]),))

    return Model(
        path=Path(f"{network.name}.npz") if path is None else path,
        circuit=circuit,
        facts=network.facts,
        read_stimuli=read_stimuli,
        reference=lambda stimulus: network.reference(circuit, stimulus),
        content=network.content() if path is None else None,
    )


def _from_yaml(path: Path, fields: Iterable[str]) -> Model:
    """A model from whichever kind of YAML these top-level fields are of; without a word, a circuit written out."""
    from neurocmc.frontends.automaton.documents import is_program
    from neurocmc.pipeline.neurons.files import refuse_spiking

    refuse_spiking(path)
    if is_program(fields):
        return _from_program(path)
    if INTERNEURONS in fields:
        from neurocmc.frontends.interneuron_yaml import read_interneuron_yaml

        return _written(path, read_interneuron_yaml(path))
    from neurocmc.frontends.circuit_yaml import read_circuit_yaml

    return _written(path, read_circuit_yaml(path))


def _from_program(path: Path) -> Model:
    from neurocmc.frontends.automaton.read import read_program

    loaded = read_program(path)
    stimuli = StimulusSet(calibration=loaded.calibration, test=loaded.test)
    return Model(
        path=path,
        circuit=loaded.circuit,
        facts=loaded.facts,
        read_stimuli=lambda: stimuli,
        reference=None,
        machine=loaded.machine,
    )


def _written(path: Path, loaded: "LoadedYaml") -> Model:
    stimuli = StimulusSet(
        calibration=tuple(loaded.stimulus(name) for name in loaded.calibration),
        test=tuple(loaded.stimulus(name) for name in loaded.test),
    )
    facts = {"family": "written by hand", "stimuli": ", ".join(s.name for s in loaded.stimuli)}
    if not loaded.has_files:
        return Model(path=path, circuit=loaded.circuit, facts=facts, read_stimuli=lambda: stimuli, reference=None)
    from neurocmc.frontends.circuit_file import ENDING, CircuitFile, circuit_content

    file = CircuitFile(
        circuit=loaded.circuit,
        calibration=stimuli.calibration,
        test=stimuli.test,
        facts=facts,
        images=None,
        memory=None,
        made_from=path.name,
        made_with="",
    )
    return Model(
        path=path.with_name(path.stem + ENDING),
        circuit=loaded.circuit,
        facts=facts,
        read_stimuli=lambda: stimuli,
        reference=None,
        content=circuit_content(file),
    )
