"""Puts what a person brings, a cell with readout and data, into the named arrays that a network is made of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurocmc.common.arrays import Float
from neurocmc.frontends.arrays.cell import Cell
from neurocmc.ir.rate import HostLayer

Layer = tuple[ArrayLike, ArrayLike]  # weight (outputs, inputs), bias (outputs,)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Brought:
    """What stands beside a cell, as a person gives it; None for what is left out."""

    calibration: Any
    test: Any = None
    calibration_labels: Any = None
    test_labels: Any = None
    readout: Any = None  # (weight, bias), or a sequence of such
    classes: Any = None
    window_ms: float | None = None
    dt_ms: float = 1.0
    name: str = "rnn"

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Returns the arrays of all that is given."""
        names = ("calibration", "test", "calibration_labels", "test_labels", "classes", "window_ms", "dt_ms", "name")
        found = {name: np.asarray(value) for name in names if (value := getattr(self, name)) is not None}
        for index, (weight, bias) in enumerate(_layers(self.readout)):
            suffix = f"_{index + 1}" if index else ""
            found |= {f"readout_weight{suffix}": np.asarray(weight), f"readout_bias{suffix}": np.asarray(bias)}
        return found


def _layers(readout: Any) -> Sequence[Layer]:
    if readout is None:
        return ()
    parts: list[Any] = list(readout)
    several = all(isinstance(part, tuple | list) and len(part) == 2 for part in parts)
    return parts if several else [(parts[0], parts[1])]


def arrays_of_cell(cell: Cell) -> dict[str, NDArray[Any]]:
    """Returns the arrays of a cell without delays."""
    populations = cell.populations
    return {
        "W": cell.settled_weight,
        "U": cell.input_weight,
        "b": cell.bias,
        "form": np.array(cell.form),
        "activation": np.array([p.activation for p in populations]),
        "fraction": np.array([p.fraction for p in populations]),
        "saturation": np.array([p.saturation for p in populations]),
        "populations": np.array([p.name for p in populations]),
        "sizes": np.array([p.stop - p.start for p in populations]),
        "initial": cell.initial,
    }


def as_numbers(values: Any) -> NDArray[Any]:
    """Returns numbers as an array, also those of a torch tensor."""
    detach = getattr(values, "detach", None)
    return np.asarray(values if detach is None else detach().cpu().numpy())


def layers_as_arrays(layers: Sequence[HostLayer]) -> list[tuple[Float, Float]]:
    """Returns the weights and biases of a readout."""
    return [(layer.weight, layer.bias) for layer in layers]


def given(**values: Any) -> Mapping[str, NDArray[Any]]:
    """Returns as arrays what was not left out."""
    return {name: np.asarray(value) for name, value in values.items() if value is not None}
