"""Stores levels, stimuli and recordings, all that an artifact or a user keeps on disk, as JSON and npz, never pickle.

A level is two files: `<stem>.json` with all structure and scalars, {"format": 1, "kind": "RateCircuit", "level":
{...}}, and `<stem>.npz` with all arrays, under the keys to which the JSON refers (`codec`). A chip program stores its
network by the SHA-256 of its content: the 30-integer level beside it holds the numbers. A core program is a level of
its own, cores included; crossbars stand as packed bits, compressed like all arrays.

A stimulus is one .npz, which a user may write with numpy.savez:

    duration_s      ()                         length of the stimulus in s
    edges_s         (edges,)                   times in s from which the values hold; the first is 0
    value/<input>   (batch, edges, channels)   one array for each input of the circuit; of a circuit without inputs
                                               none, and labels say how many trials there are
    name            ()                         text that can name a file; without it, the file's name without .npz
    labels          (batch,)                   whole numbers, the right answers; without it, -1 (none)

A recording is one .npz:

    level, stimulus ()                         text: "rate", "brian2" or "emulator"; the stimulus's name
    tick_s          ()                         s
    populations     (populations,)             names, in the order of the network
    activity/<population>      (batch, ticks, units) float32   traces, index t after the events of tick t
    spike_counts/<population>  (batch, units) int64            not on "rate"
    spikes/<population>/tick, trial, unit, neuron   (spikes,) int32 each, in order of tick, trial, unit, neuron;
                                               where spikes were recorded

Everything read here may be damaged or hostile: what is wrong is an InputError that names file and key.
"""

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.errors import InputError, Problem, raise_input_problems
from neurocmc.common.files import json_text, read_npz, write_file, write_npz
from neurocmc.common.opening import LEVEL
from neurocmc.common.packing import packed, unpacked
from neurocmc.common.strict_json import read_json
from neurocmc.ir.codec import Coded, Malformed, decode, encode, is_unicode
from neurocmc.ir.magnitudes import stored_problems
from neurocmc.ir.recording import Recording, SpikeTrain
from neurocmc.ir.stimulus import Stimulus, as_name, name_fault, name_problems

FORMAT = 1
_SPIKE_FIELDS = ("tick", "trial", "unit", "neuron")
REPAIR = "make the file again with the version of neurocmc that reads it"


class Level(Protocol):
    """A level of the compiler: a frozen dataclass that knows its own faults."""

    def problems(self) -> tuple[Problem, ...]:
        """Returns all faults at once."""
        ...


L = TypeVar("L", bound=Level)


def save_level(level: Level, directory: Path, stem: str) -> None:
    """Writes a level as `<stem>.json` and `<stem>.npz` into a directory.

    Args:
        level: A level of any kind.
        directory: A folder that exists.
        stem: The name of the files without their endings, such as "10-rate".

    Raises:
        InputError: Where the files cannot be written.

    Example:
        >>> from pathlib import Path
        >>> from neurocmc.ir.store import save_level
        >>> save_level(neurocmc.load("models/two-state.yaml").circuit, Path("build"), "10-rate")
    """
    coded = encode(level)
    write_coded(directory, stem, {"kind": type(level).__name__, "level": coded.json}, coded)


def load_level(directory: Path, stem: str, kind: type[L]) -> L:
    """Reads what `save_level` wrote.

    Args:
        directory: The folder of the files.
        stem: The name of the files without their endings.
        kind: The class of the level.

    Returns:
        The level, without faults.

    Raises:
        InputError: Where a file is missing, damaged or of another kind or format, or the level has faults.

    Example:
        >>> from pathlib import Path
        >>> from neurocmc.ir.rate import RateCircuit
        >>> from neurocmc.ir.store import load_level
        >>> load_level(Path("build/two-state/ir"), "10-rate", RateCircuit).name
        'two-state'
    """
    path, document, arrays = read_coded(directory, stem, kind.__name__, {"format", "kind", "level"})
    level = decoded(path, lambda: decode(Coded(document["level"], arrays), kind))
    raise_input_problems(at_path(path, level.problems() or stored_problems(level)))
    return level


def content_sha256(level: Level) -> str:
    """Returns the SHA-256 of all that a level says: its JSON text, each array's key and little-endian bytes."""
    coded = encode(level)
    digest = hashlib.sha256(json_text(coded.json).encode())
    for key in sorted(coded.arrays):
        array = coded.arrays[key]
        digest.update(key.encode())
        digest.update(array.astype(array.dtype.newbyteorder("<")).tobytes())
    return digest.hexdigest()


def save_stimulus(stimulus: Stimulus, path: Path) -> None:
    """Writes a stimulus as one .npz, of the form given at the top of this module.

    Args:
        stimulus: The stimulus.
        path: The file.

    Raises:
        InputError: Where the file cannot be written, or no stimulus can have its name.

    Example:
        >>> from pathlib import Path
        >>> from neurocmc.ir.store import save_stimulus
        >>> stimulus = neurocmc.load("models/two-state.yaml").read_stimuli().test[0]
        >>> save_stimulus(stimulus, Path("build/mine.npz"))
    """
    raise_input_problems(name_problems((stimulus.name,)))
    arrays: dict[str, NDArray[Any]] = {f"value/{name}": value for name, value in stimulus.values.items()}
    arrays |= {"name": np.array(stimulus.name), "duration_s": np.array(stimulus.duration_s)}
    write_npz(path, arrays | {"edges_s": stimulus.edges_s, "labels": stimulus.labels})


def load_stimulus(path: Path) -> Stimulus:
    """Reads a stimulus from an .npz of the form given at the top of this module.

    Args:
        path: The file.

    Returns:
        The stimulus. Whether it fits a circuit is for `Stimulus.problems` to say.

    Raises:
        InputError: Naming every key that is missing, unknown, or holds what it should not.

    Example:
        >>> from pathlib import Path
        >>> import numpy as np
        >>> from neurocmc.ir.store import load_stimulus
        >>> np.savez("build/mine.npz", duration_s=0.5, edges_s=[0.0], **{"value/evidence": np.ones((3, 1, 10))})
        >>> load_stimulus(Path("build/mine.npz")).batch
        3
    """
    found = _Arrays(path)
    name = found.text("name", as_name(path.name.removesuffix(".npz")))
    if fault := name_fault(name):
        found.problem("stimulus-name", "name", f"{ascii(name)[:80]} {fault}", "give another name")
    duration_s = found.number("duration_s")
    edges_s = found.numbers("edges_s", ("edges",))
    names = [key.removeprefix("value/") for key in found.keys() if key.startswith("value/")]  # noqa: SIM118
    values = {entry: found.numbers(f"value/{entry}", ("batch", "edges", "channels")) for entry in names}
    if not values and "labels" not in found.keys():  # noqa: SIM118
        cure = "give an array (batch, edges, channels) for each input, or labels where the circuit has no input"
        found.problem("array-missing", "value/<input>", "no input has values", cure)
    batch = next((value.shape[0] for value in values.values() if value.ndim == 3), 0)
    labels = found.whole("labels", ("batch",), np.full(batch, -1))
    for entry, value in values.items():
        if value.ndim == 3 and value.shape[:2] != (labels.size, edges_s.size):
            what = f"has shape {value.shape}, but there are {labels.size} trials and {edges_s.size} edges"
            found.problem("array-shape", f"value/{entry}", what, "values are (batch, edges, channels)")
    found.done(expected="name, duration_s, edges_s, labels and value/<input>")
    return Stimulus(name=name, duration_s=duration_s, edges_s=edges_s, values=values, labels=labels)


def save_recording(recording: Recording, path: Path) -> None:
    """Writes a recording as one .npz, of the form given at the top of this module.

    Args:
        recording: The recording.
        path: The file.

    Raises:
        InputError: Where the file cannot be written.

    Example:
        >>> from pathlib import Path
        >>> from neurocmc.ir.store import save_recording
        >>> save_recording(neurocmc.simulate("build/two-state"), Path("build/recording.npz"))
    """
    arrays: dict[str, NDArray[Any]] = {
        "level": np.array(recording.level),
        "stimulus": np.array(recording.stimulus),
        "tick_s": np.array(recording.tick_s),
        "populations": np.array(list(recording.activity), dtype=np.str_),
    }
    arrays |= {f"activity/{name}": value for name, value in recording.activity.items()}
    arrays |= {f"spike_counts/{name}": value for name, value in recording.spike_counts.items()}
    for name, train in recording.spikes.items():
        arrays |= {f"spikes/{name}/{field}": getattr(train, field) for field in _SPIKE_FIELDS}
    write_npz(path, arrays)


def load_recording(path: Path) -> Recording:
    """Reads what `save_recording` wrote.

    Args:
        path: The file.

    Returns:
        The recording.

    Raises:
        InputError: Naming every key that is wrong.

    Example:
        >>> from pathlib import Path
        >>> from neurocmc.ir.store import load_recording, save_recording
        >>> save_recording(neurocmc.simulate("build/two-state"), Path("build/recording.npz"))
        >>> load_recording(Path("build/recording.npz")).level
        'emulator'
    """
    found = _Arrays(path)
    level, stimulus = found.text("level"), found.text("stimulus")
    tick_s = found.number("tick_s")
    names = found.texts("populations")
    keys = found.keys()
    activity = {name: found.numbers(f"activity/{name}", ("batch", "ticks", "units")) for name in names}
    counted = [name for name in names if f"spike_counts/{name}" in keys]
    counts = {name: found.whole(f"spike_counts/{name}", ("batch", "units")) for name in counted}
    spiking = [name for name in names if any(f"spikes/{name}/{field}" in keys for field in _SPIKE_FIELDS)]
    trains = {
        name: {field: found.whole32(f"spikes/{name}/{field}", ("spikes",)) for field in _SPIKE_FIELDS}
        for name in spiking
    }
    for name, train in trains.items():
        if len({column.size for column in train.values()}) > 1:
            found.problem("array-shape", f"spikes/{name}", "tick, trial, unit and neuron differ in length", REPAIR)
    if len({value.shape[:2] for value in activity.values()}) > 1:
        found.problem("array-shape", "activity", "populations differ in trials or ticks", REPAIR)
    for name in counted:
        if counts[name].shape != (activity[name].shape[0], activity[name].shape[-1]):
            found.problem(
                "array-shape", f"spike_counts/{name}", f"has shape {counts[name].shape}, unlike its activity", REPAIR
            )
    found.done(expected="those of a recording")
    return Recording(
        level=level,
        stimulus=stimulus,
        tick_s=tick_s,
        activity={name: value.astype(np.float32) for name, value in activity.items()},
        spikes={name: SpikeTrain(**train) for name, train in trains.items()},
        spike_counts=counts,
    )


class _Arrays:
    """The arrays of an .npz, taken one by one; what is wrong with them is gathered, and raised by `done`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._left = read_npz(path)
        self._problems: list[Problem] = []

    def keys(self) -> list[str]:
        """Returns keys not taken yet, sorted."""
        return sorted(self._left)

    def problem(self, fault: str, key: str, what: str, cure: str) -> None:
        self._problems.append(Problem(fault, f"{self._path}: {key}", what, cure))

    def done(self, expected: str) -> None:
        """Raises InputError for all that was found, keys that nobody took included."""
        for key in self.keys():
            self.problem("array-unknown", ascii(key)[1:-1], "is an unknown key", f"known keys are {expected}")
        raise_input_problems(self._problems)

    def numbers(self, key: str, axes: tuple[str, ...]) -> NDArray[np.float64]:
        """Returns real numbers with the given axes; an empty array where they are missing or wrong."""
        return self._taken(key, axes, "iuf", "real numbers", None).astype(np.float64)

    def whole(self, key: str, axes: tuple[str, ...], default: NDArray[Any] | None = None) -> NDArray[np.int64]:
        """Returns whole numbers with the given axes."""
        return self._within(key, self._taken(key, axes, "iu", "whole numbers", default), 64).astype(np.int64)

    def whole32(self, key: str, axes: tuple[str, ...]) -> NDArray[np.int32]:
        """Returns whole numbers of 32 bits."""
        return self._within(key, self._taken(key, axes, "iu", "whole numbers", None), 32).astype(np.int32)

    def number(self, key: str) -> float:
        """Returns one finite real number."""
        array = self._taken(key, (), "iuf", "a real number", None)
        if array.ndim == 0 and not np.isfinite(array):
            self.problem("value-not-finite", key, f"is {array}", "give a finite number")
        return float(array) if array.ndim == 0 else 0.0

    def text(self, key: str, default: str | None = None) -> str:
        """Returns one text."""
        array = self._taken(key, (), "U", "text", None if default is None else np.array(default))
        return str(array) if array.ndim == 0 and self._unicode(key, [str(array)]) else ""

    def texts(self, key: str) -> list[str]:
        """Returns a row of texts, all different."""
        names = [str(name) for name in self._taken(key, ("names",), "U", "texts", None)]
        if len(set(names)) < len(names):
            self.problem("name-twice", key, "holds a name twice", REPAIR)
        return list(dict.fromkeys(names)) if self._unicode(key, names) else []

    def _unicode(self, key: str, texts: Iterable[str]) -> bool:
        if bad := [text for text in texts if not is_unicode(text)]:
            self.problem("text-not-unicode", key, f"is not Unicode text ({ascii(bad[0])[:60]})", "use plain text")
        return not bad

    def _within(self, key: str, array: NDArray[Any], bits: int) -> NDArray[Any]:
        highest = max(abs(int(array.max(initial=0))), abs(int(array.min(initial=0))))
        if highest >= 1 << (bits - 1):
            self.problem("array-beyond-bits", key, f"{highest} is beyond {bits} bits", "give smaller numbers")
            return np.zeros_like(array)
        return array

    def _taken(
        self, key: str, axes: tuple[str, ...], kinds: str, called: str, default: NDArray[Any] | None
    ) -> NDArray[Any]:
        nothing: NDArray[Any] = np.zeros((0,) * max(len(axes), 1))
        array = self._left.pop(key, default)
        wanted = f"({', '.join(axes)})"
        if array is None:
            self.problem(
                "array-missing", key, "is missing", f"add {called}" + (f" of shape {wanted}" if axes else "")
            )
            return nothing
        if array.dtype.kind not in kinds:
            self.problem(
                "array-type", key, f"{called} needed, it holds {array.dtype.name}", "convert it with numpy's astype"
            )
            return nothing
        if array.ndim != len(axes):
            self.problem(
                "array-shape",
                key,
                f"has shape {array.shape}",
                f"give it the shape {wanted}" if axes else "give one value",
            )
            return nothing
        return array


def write_coded(directory: Path, stem: str, document: Mapping[str, Any], coded: Coded) -> None:
    """Writes the two files of a level: the arrays, and a document that says what they are."""
    write_npz(directory / f"{stem}.npz", packed(coded.arrays))
    write_file(directory / f"{stem}.json", json_text({"format": FORMAT, **document}))


def read_coded(
    directory: Path, stem: str, kind: str, keys: set[str]
) -> tuple[Path, dict[str, Any], dict[str, NDArray[Any]]]:
    """Reads the path of the JSON, its top, checked for format, kind and keys, and the arrays."""
    path = directory / f"{stem}.json"
    document = read_json(path, LEVEL, REPAIR)
    if document.get("format") != FORMAT:
        found = ascii(document.get("format"))[:60]
        raise InputError(
            Problem("format-version", f"{path}: format", f"this neurocmc reads format {FORMAT} (got {found})", REPAIR)
        )
    if document.get("kind") != kind:
        found = ascii(document.get("kind"))[:60]
        raise InputError(
            Problem("level-malformed", f"{path}: kind", f"a {kind} is needed (got {found})", "name the right file")
        )
    if document.keys() != keys:
        odd = ", ".join(ascii(key)[1:-1][:60] for key in sorted(document.keys() ^ keys))
        raise InputError(Problem("level-malformed", str(path), f"keys that are missing or unknown: {odd}", REPAIR))
    arrays = directory / f"{stem}.npz"
    return path, document, unpacked(arrays, read_npz(arrays))


def decoded(path: Path, read: Any) -> Any:
    """Returns what `read` gives, with what is malformed named by the file at `path`. Raises InputError."""
    try:
        return read()
    except Malformed as fault:
        raise InputError(Problem("level-malformed", f"{path}: {fault.key}", fault.what, REPAIR)) from None


def at_path(path: Path, problems: Iterable[Problem]) -> list[Problem]:
    """Returns faults of a level, addressed to its file."""
    return [problem.inside(path) for problem in problems]
