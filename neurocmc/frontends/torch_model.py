"""Makes a network of arrays of a torch cell and its readout."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from torch import nn

from neurocmc.common.errors import InputError, Problem
from neurocmc.frontends.arrays.network import Network
from neurocmc.frontends.arrays.reading import network_of
from neurocmc.frontends.arrays.writing import Brought, arrays_of_cell, as_numbers, layers_as_arrays
from neurocmc.frontends.torch_cell import cell_of, layers_of


def at_rest(sample: object) -> NDArray[np.float64] | None:
    """Returns (units,) zeros, as many as the state of a sample (x, h) has; None of an input alone, and of no sample.

    Raises InputError for what is neither an input nor a pair, of vectors or rows of vectors.
    """
    if sample is None:
        return None
    given = cast("Sequence[Any]", sample) if isinstance(sample, tuple | list) else (sample,)
    parts = [as_numbers(part) for part in given]
    if len(parts) not in (1, 2) or any(part.dtype.kind not in "fiu" or part.ndim not in (1, 2) for part in parts):
        what = "it is neither an input nor a pair of an input and a state"
        cure = "give x or (x, h), with one row per trial"
        raise InputError(Problem("argument-type", "from_torch: sample", what, cure))
    return np.zeros(parts[1].shape[-1]) if len(parts) == 2 else None


def network_of_module(module: object, readout: object, initial: NDArray[np.float64] | None, data: Brought) -> Network:
    """Returns the network that a torch cell computes, with the readout that is read on the host.

    Raises:
        InputError: With what does not fit (`torch_cell`), or is wrong with the data.
    """
    for name, part in (("cell", module), ("readout", readout)):
        if not isinstance(part, nn.Module) and (part is not None or name == "cell"):
            cure = "give the module itself, with its weights, not its state dict"
            raise InputError(
                Problem("argument-type", name, f"got {type(part).__name__}, which is not an nn.Module", cure)
            )
    assert isinstance(module, nn.Module)
    assert readout is None or isinstance(readout, nn.Module)
    inputs = np.asarray(data.calibration)
    if inputs.ndim != 3:
        what, cure = f"has shape {inputs.shape}", "give (trials, steps, inputs)"
        raise InputError(Problem("array-shape", "from_torch: calibration", what, cure))
    cell, difference = cell_of(module, inputs.shape[2], initial, readout)
    if (
        readout is not None
        and cell.form == "filter-before"
        and any(p.activation != "linear" for p in cell.populations)
    ):
        what = "the filter of the cell comes before its nonlinearity: units send phi(h), and h cannot be read"
        cure = "train the readout on phi(h), or move the nonlinearity behind the filter"
        raise InputError(Problem("module-not-recognised", "readout", what, cure))
    layers = None if readout is None else layers_as_arrays(layers_of(readout, cell.units))
    arrays = {**arrays_of_cell(cell), **replace(data, readout=layers).arrays()}
    facts: dict[str, str | float] = {
        "module": type(module).__name__,
        "form": cell.form,
        "activation": ", ".join(dict.fromkeys(p.activation for p in cell.populations)),
        "fraction of a step": ", ".join(dict.fromkeys(f"{p.fraction:.6g}" for p in cell.populations)),
        "difference to the module": difference,
    }
    return replace(network_of(arrays, "from_torch"), facts=facts)
