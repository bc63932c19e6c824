"""Makes a Network of named arrays, from a call or from a file, and says all that is wrong with them at once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocmc.common.arrays import Float, Int
from neurocmc.common.errors import Problem, raise_input_problems
from neurocmc.common.files import read_npz
from neurocmc.common.names import did_you_mean, nearest_name
from neurocmc.frontends.arrays.cell import ACTIVATIONS, FORMS, Activation, Cell, CellForm, CellPopulation
from neurocmc.frontends.arrays.network import CALIBRATION, TEST, Data, Network
from neurocmc.ir.rate import HostLayer

MAX_BYTES = 1 << 30  # unpacked
KEYS = (
    "W", "U", "b", "form", "activation", "tau_ms", "fraction", "dt_ms", "saturation", "populations", "sizes",
    "initial", "delay_ms", "calibration", "test", "calibration_labels", "test_labels", "classes", "window_ms", "name",
)  # fmt: skip
_LAYER = "readout_"
Arrays = Mapping[str, NDArray[Any]]


def read_network(path: Path, arrays: Arrays | None = None) -> Network:
    """Reads a file of arrays. Raises InputError naming every key that is wrong."""
    return network_of(read_npz(path, max_bytes=MAX_BYTES) if arrays is None else arrays, str(path))


def network_of(arrays: Arrays, where: str) -> Network:
    """Returns the network that arrays describe. Raises InputError naming every key that is wrong, at `where`."""
    found = _Reader(where, arrays)
    weight = found.weights()
    units = weight.shape[-1]
    calibration = found.data(CALIBRATION)
    inputs = 0 if calibration is None else calibration.inputs.shape[2]
    dt_ms = found.number("dt_ms", 1.0)
    delay_steps, weight = found.delayed(weight, dt_ms)
    cell = Cell(
        form=found.form(),
        populations=found.populations(units, dt_ms),
        weight=weight,
        input_weight=found.matrix("U", units, inputs, optional=True),
        bias=found.vector("b", units),
        initial=found.vector("initial", units),
        delay_steps=delay_steps,
    )
    layers = found.layers(units)
    window_ms = found.number("window_ms", dt_ms)
    test = found.data(TEST)
    if calibration is None:
        found.wrong("calibration-missing", CALIBRATION, "is missing", "give trials (trials, steps, inputs) of inputs")
    found.unknown(len(layers))
    raise_input_problems(found.problems)
    assert calibration is not None
    classes = layers[-1].weight.shape[0] if layers else 0
    return Network(
        name=found.text("name", "rnn"),
        cell=cell,
        dt_s=dt_ms * 1e-3,
        layers=layers,
        labels=found.texts("classes") or tuple(str(index) for index in range(classes)),
        window_s=window_ms * 1e-3,
        data={CALIBRATION: calibration} | ({} if test is None else {TEST: test}),
        arrays=dict(arrays),
    )


@dataclass(slots=True)
class _Reader:
    """Takes one key after the other, and remembers what is wrong with them."""

    where: str
    arrays: Arrays
    problems: list[Problem] = field(default_factory=list[Problem])

    def wrong(self, name: str, key: str, what: str, cure: str) -> None:
        self.problems.append(Problem(name, f"{self.where}: {key}", what, cure))

    def matrix(self, key: str, rows: int | None, columns: int | None, *, optional: bool = False) -> Float:
        """A matrix of numbers; of zeros where it is left out or wrong."""
        empty = np.zeros((rows or 1, 1 if columns is None else columns))
        if key not in self.arrays:
            if not optional or columns:
                self.wrong("array-missing", key, "is missing", "give it")
            return empty
        value = self._numbers(key)
        fits = value.ndim == 2 and rows in (None, value.shape[0]) and columns in (None, value.shape[1])
        if not fits or not value.size:
            wanted = f"({'units' if rows is None else rows}, {'units' if columns is None else columns})"
            self.wrong("array-shape", key, f"has shape {value.shape}", f"give {wanted}")
            return empty
        return value

    def vector(self, key: str, size: int) -> Float:
        """(size,) numbers; one number stands for all, none for 0."""
        if key not in self.arrays:
            return np.zeros(size)
        value = self._numbers(key)
        if value.shape not in ((), (size,)):
            self.wrong("array-shape", key, f"has shape {value.shape}", f"give ({size},)")
            return np.zeros(size)
        return np.broadcast_to(value, (size,)).copy()

    def number(self, key: str, default: float) -> float:
        """One number above 0."""
        if key not in self.arrays:
            return default
        value = self._numbers(key)
        if value.shape != () or not value > 0 or not np.isfinite(value):
            self.wrong("array-shape", key, "is not one number above 0", "give one number above 0")
            return default
        return float(value)

    def text(self, key: str, default: str) -> str:
        """One text."""
        texts = self.texts(key)
        if len(texts) > 1:
            self.wrong("array-shape", key, f"has {len(texts)} texts", "give one text")
        return texts[0] if texts else default

    def texts(self, key: str) -> tuple[str, ...]:
        """The texts of an array, none where it is left out."""
        value = self.arrays.get(key, np.array([], dtype=np.str_))
        if value.dtype.kind != "U" or value.ndim > 1:
            self.wrong("array-shape", key, "is not text", "give one text, or a list of texts")
            return ()
        return tuple(str(text) for text in np.atleast_1d(value))

    def form(self) -> CellForm:
        given = self.text("form", FORMS[0])
        for form in FORMS:
            if given == form:
                return form
        self.wrong("choice-unknown", "form", f"there is no form {given!r}", nearest_name(given, FORMS))
        return FORMS[0]

    def populations(self, units: int, dt_ms: float) -> tuple[CellPopulation, ...]:
        """One population, or those that `populations` and `sizes` name."""
        names = self.texts("populations") or ("h",)
        sizes = self._sizes(len(names), units)
        activations = self._activations(len(names))
        fractions = self._fractions(len(names), dt_ms)
        saturations = self._each("saturation", len(names), np.inf)
        ends = np.cumsum([0, *sizes]).tolist()
        return tuple(
            CellPopulation(
                name=name,
                start=ends[k],
                stop=ends[k + 1],
                activation=activations[k],
                fraction=fractions[k],
                saturation=saturations[k],
            )
            for k, name in enumerate(names)
        )

    def _sizes(self, count: int, units: int) -> list[int]:
        if "sizes" not in self.arrays and count == 1:
            return [units]
        sizes = self.arrays.get("sizes", np.zeros(0, dtype=np.int64))
        if sizes.dtype.kind not in "iu" or sizes.shape != (count,) or (sizes < 1).any() or int(sizes.sum()) != units:
            cure = f"give {count} whole numbers that add up to {units} units"
            self.wrong("values-count", "sizes", "does not divide the units among the populations", cure)
            return [units, *[0] * (count - 1)]
        return [int(size) for size in sizes]

    def _activations(self, count: int) -> list[Activation]:
        given = self.texts("activation") or ("relu",)
        given = given * count if len(given) == 1 else given
        found: list[Activation] = [known for text in given for known in ACTIVATIONS if known == text]
        if len(given) != count or len(found) != count:
            what = f"{', '.join(given)} for {count} populations"
            near = "".join(did_you_mean(text, ACTIVATIONS) for text in given if text not in ACTIVATIONS)
            cure = f"{near}give one of {', '.join(ACTIVATIONS)} for each, or for all"
            self.wrong("choice-unknown", "activation", what, cure)
            return ["relu"] * count
        return found

    def _fractions(self, count: int, dt_ms: float) -> list[float]:
        """The share of the way that a step goes: as given, or by the exact pole of a time constant."""
        if "fraction" in self.arrays and "tau_ms" in self.arrays:
            self.wrong("options-exclusive", "fraction", "tau_ms sets it as well", "give one of the two")
        if "fraction" in self.arrays:
            return self._each("fraction", count, 1.0)
        if "tau_ms" not in self.arrays:
            self.wrong(
                "array-missing",
                "tau_ms",
                "is missing",
                "give tau_ms, or fraction (1: a unit keeps nothing of its state)",
            )
        return [1.0 - float(np.exp(-dt_ms / tau)) if tau > 0 else 1.0 for tau in self._each("tau_ms", count, 1.0)]

    def _each(self, key: str, count: int, default: float) -> list[float]:
        if key not in self.arrays:
            return [default] * count
        value = self._numbers(key)
        if value.shape not in ((), (count,)):
            self.wrong("array-shape", key, f"has shape {value.shape}", f"give one number, or {count}")
            return [default] * count
        return np.broadcast_to(value, (count,)).tolist()

    def weights(self) -> Float:
        """W as it is given, (units, units) or (delays, units, units). Raises InputError for any other shape."""
        given = self._numbers("W") if "W" in self.arrays else np.zeros((0, 0))
        if "W" not in self.arrays:
            self.wrong("array-missing", "W", "is missing", "give it")
        elif given.ndim not in (2, 3) or given.shape[-1] != given.shape[-2] or not given.size:
            cure = "give (units, units), row = target, or (delays, units, units) with a delay_ms for each"
            self.wrong("array-shape", "W", f"has shape {given.shape}", cure)
        if not given.size or self.problems:
            raise_input_problems(self.problems)
        return given

    def delayed(self, weight: Float, dt_ms: float) -> tuple[Int, Float]:
        """The delays that there are, in steps and rising, and the weights of each, (delays, units, units)."""
        late = self._delay_steps(weight, dt_ms)
        if weight.ndim == 3:
            order = np.argsort(late)
            if (np.diff(late[order]) == 0).any():
                self.wrong("values-count", "delay_ms", "lists a delay twice", "add up the weights of one delay")
            return late[order], weight[order]
        delays = np.unique(late[weight != 0]) if weight.any() else np.zeros(1, dtype=np.int64)
        return delays, np.stack([np.where(late == delay, weight, 0.0) for delay in delays])

    def _delay_steps(self, weight: Float, dt_ms: float) -> Int:
        """Whole steps of each connection; of weights for each delay, of each of these."""
        each = weight.ndim == 3
        shape = weight.shape[:1] if each else weight.shape
        if "delay_ms" not in self.arrays:
            if each:
                self.wrong("array-missing", "delay_ms", "is missing", f"give one for each of W, {shape}")
            return np.arange(shape[0]) if each else np.zeros(shape, dtype=np.int64)
        value = self._numbers("delay_ms")
        if value.shape != shape and (each or value.shape != ()):
            wanted = f"{shape}, one for each of W" if each else f"one number, or {shape}"
            self.wrong("array-shape", "delay_ms", f"has shape {value.shape}", f"give {wanted}")
            return np.arange(shape[0], dtype=np.int64) if each else np.zeros(shape, dtype=np.int64)
        steps = np.rint(value / dt_ms)
        if (np.abs(steps * dt_ms - value) > 1e-9 * np.maximum(value, dt_ms)).any() or (steps < 0).any():
            self.wrong(
                "time-off-grid", "delay_ms", f"is not a whole number of {dt_ms:g} ms", "give whole steps, from 0"
            )
        return np.broadcast_to(steps.astype(np.int64), shape).copy()

    def data(self, name: str) -> Data | None:
        """The trials of one kind."""
        if name not in self.arrays:
            if f"{name}_labels" in self.arrays:
                self.wrong("array-missing", name, f"{name}_labels are given without trials", f"give {name} as well")
            return None
        inputs = self._numbers(name)
        if inputs.ndim != 3 or not inputs.size:
            self.wrong("array-shape", name, f"has shape {inputs.shape}", "give (trials, steps, inputs)")
            return Data(inputs=np.zeros((1, 1, 1)), labels=np.full(1, -1))
        labels = self.arrays.get(f"{name}_labels", np.full(len(inputs), -1))
        if labels.dtype.kind not in "iu" or labels.shape != (len(inputs),):
            cure = f"give {len(inputs)} whole numbers, -1 for none"
            self.wrong("array-shape", f"{name}_labels", f"has shape {labels.shape}", cure)
            labels = np.full(len(inputs), -1)
        return Data(inputs=inputs, labels=labels.astype(np.int64))

    def layers(self, units: int) -> tuple[HostLayer, ...]:
        """The affine layers of the readout, rectifiers between them."""
        found: list[HostLayer] = []
        while (key := _layer_key("weight", len(found))) in self.arrays:
            weight = self.matrix(key, None, units)
            bias = self.vector(_layer_key("bias", len(found)), weight.shape[0])
            found.append(HostLayer(weight=weight, bias=bias, rectify=True))
            units = weight.shape[0]
        if found:
            found[-1] = HostLayer(weight=found[-1].weight, bias=found[-1].bias, rectify=False)
        return tuple(found)

    def unknown(self, layers: int) -> None:
        """Keys that nothing has used: each is refused."""
        known = {*KEYS, *(_layer_key(part, k) for part in ("weight", "bias") for k in range(layers))}
        for key in self.arrays:
            if key not in known:
                self.wrong("array-unknown", key, "is not an array of a network", nearest_name(key, sorted(known)))

    def _numbers(self, key: str) -> Float:
        value = self.arrays[key]
        if value.dtype.kind not in "fiub":
            self.wrong("array-type", key, f"holds {value.dtype}", "give numbers")
            return np.zeros(value.shape)
        if not np.isfinite(value).all() and key != "saturation":
            self.wrong("value-not-finite", key, "holds a number that is not finite", "give finite numbers only")
            return np.zeros(value.shape)
        return value.astype(np.float64)


def _layer_key(part: str, index: int) -> str:
    return f"{_LAYER}{part}" if index == 0 else f"{_LAYER}{part}_{index + 1}"
