"""Makes models of circuits trained with other tools or in your own training loop: torch cells, arrays, modules."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from neurocmc.common.calls import python_call
from neurocmc.common.extras import need
from neurocmc.common.process import known_state
from neurocmc.frontends.arrays.reading import network_of
from neurocmc.frontends.arrays.writing import Brought, as_numbers, given
from neurocmc.pipeline.model import Model, model_of


@known_state()
@python_call
def from_arrays(
    W: object,  # noqa: N803  (as the field writes them)
    U: object = None,  # noqa: N803
    b: object = None,
    *,
    calibration: object,
    test: object = None,
    calibration_labels: object = None,
    test_labels: object = None,
    activation: object = "relu",
    form: str = "filter-after",
    tau_ms: object = None,
    fraction: object = None,
    dt_ms: float = 1.0,
    saturation: object = None,
    populations: object = None,
    initial: object = None,
    delay_ms: object = None,
    readout: object = None,
    classes: object = None,
    window_ms: float | None = None,
    name: str = "rnn",
) -> Model:
    """Makes a model of a rate network that is given as arrays: h' = (1 - a) h + a phi(W h + U x + b).

    Args:
        W: (units, units) recurrent weights, row = target. Or (delays, units, units), one matrix for each of several
            delays; two units may then be connected more than once.
        U: (units, inputs) input weights.
        b: (units,) biases.
        calibration: (trials, steps, inputs) inputs over time on which gains are matched; a step lasts `dt_ms`.
        test: Inputs of the same shape to verify with. None takes `calibration`.
        calibration_labels: (trials,) correct answers, -1 for none.
        test_labels: The same for `test`.
        activation: "relu", "tanh", "sigmoid", "softplus" or "linear", for all populations or one for each.
        form: "filter-after", or "filter-before" for h' = (1 - a) h + a (W phi(h) + U x + b).
        tau_ms: Time constants in ms, for all or one for each population; a = 1 - exp(-dt / tau).
        fraction: a itself, instead of `tau_ms`; 1 for a network whose units keep nothing of their state, as `nn.RNN`.
        dt_ms: The length of a step in ms.
        saturation: The largest value of relu and softplus.
        populations: Name -> number of units, in the order of the units. None makes one population `h`.
        initial: (units,) h before the first step.
        delay_ms: Additional delay of connections in ms, whole steps: a number, (units, units), or (delays,) with one
            number per matrix of W.
        readout: (weight, bias) of a readout of all units on the host; or several, with rectifiers between them.
        classes: Names of the answers.
        window_ms: The readout takes the mean over this time in ms at the end. None takes the last step.
        name: The name of the circuit.

    Returns:
        A model, for `compile`; it is verified against the equations of the network.

    Raises:
        InputError: With all errors in the arrays.

    Example:
        >>> import numpy as np
        >>> rng = np.random.default_rng(0)
        >>> model = neurocmc.from_arrays(
        ...     0.1 * rng.normal(size=(8, 8)), rng.normal(size=(8, 2)), tau_ms=20.0, activation="tanh",
        ...     calibration=rng.normal(size=(4, 50, 2)),
        ... )
        >>> model.circuit.units
        8
    """
    named: Any = populations
    data = Brought(
        calibration=calibration,
        test=test,
        calibration_labels=calibration_labels,
        test_labels=test_labels,
        readout=readout,
        classes=classes,
        window_ms=window_ms,
        dt_ms=dt_ms,
        name=name,
    )
    own = given(
        W=W,
        U=U,
        b=b,
        activation=activation,
        form=form,
        tau_ms=tau_ms,
        fraction=fraction,
        saturation=saturation,
        populations=None if named is None else list(named),
        sizes=None if named is None else list(named.values()),
        initial=initial,
        delay_ms=delay_ms,
    )
    return model_of(network_of({**own, **data.arrays()}, "from_arrays"))


@known_state()
@python_call
def from_torch(
    cell: object,
    *,
    calibration: object,
    sample: object = None,
    test: object = None,
    labels: object = None,
    calibration_labels: object = None,
    readout: object = None,
    initial: object = None,
    dt_ms: float = 1.0,
    classes: Sequence[str] | None = None,
    window_ms: float | None = None,
    name: str = "rnn",
) -> Model:
    """Makes a model of a recurrent rate cell in torch, however it is written, by probing one step of it.

    Args:
        cell: Called as `cell(x, h)` with (batch, inputs) and (batch, units), returning the next h; or an `nn.RNN`.
        calibration: (trials, steps, inputs) inputs over time on which gains are matched; a step lasts `dt_ms`.
        sample: An input x for a call of the cell, or a pair (x, h): (inputs,) and (units,), or with one row per
            trial. A pair gives the number of units if the module does not.
        test: Inputs as `calibration`, to verify with.
        labels: (trials,) correct answers of `test`.
        calibration_labels: The same for `calibration`.
        readout: An `nn.Linear` of all units, or an `nn.Sequential` of `nn.Linear` with `nn.ReLU` between.
        initial: (units,) h before the first step; it also gives the number of units.
        dt_ms: The model time in ms of a step.
        classes: Names of the answers.
        window_ms: The readout takes the mean over this time in ms at the end. None takes the last step.
        name: The name of the circuit.

    Returns:
        A model, for `compile`; it is verified against the recognised cell, which equals the cell up to rounding.

    Raises:
        InputError: For a cell with gates, several nonlinearities, randomness, or a parameter that no step uses.

    Example:
        >>> import torch
        >>> cell = torch.nn.RNNCell(2, 8)
        >>> model = neurocmc.from_torch(cell, calibration=torch.randn(4, 50, 2))
        >>> model.facts["activation"]
        'tanh'
    """
    need("torch", "from_torch", "a torch module")
    from neurocmc.frontends.torch_model import at_rest, network_of_module

    data = Brought(
        calibration=as_numbers(calibration),
        test=None if test is None else as_numbers(test),
        calibration_labels=None if calibration_labels is None else as_numbers(calibration_labels),
        test_labels=None if labels is None else as_numbers(labels),
        classes=classes,
        window_ms=window_ms,
        dt_ms=dt_ms,
        name=name,
    )
    start = at_rest(sample) if initial is None else as_numbers(initial)
    return model_of(network_of_module(cell, readout, start, data))


@known_state()
@python_call
def from_module(
    module: object,
    *,
    calibration: object,
    test: object,
    duration_ms: float,
    window_ms: float,
    labels: object = None,
    classes: Sequence[str] | None = None,
    readout: object = None,
    name: str | None = None,
    on_host: Sequence[str] = (),
    path: str | Path | None = None,
) -> Model:
    """Makes a model of a `SoftWta` or `CmcRegions` that you trained in your own loop; needs torch.

    Its artifact holds the module, so `verify` compares with torch. Without a readout, the most active unit of a
    SoftWta is the decision, and a CmcRegions has no decision.

    Args:
        module: The module. Pools that it was trained through (`use_pools`) are left out.
        calibration: Drives on which gains are matched, as a tensor or array: (trials, channels) or (trials, segments,
            channels), with each segment held for an equal part of the time. An encoder on the host makes them.
        test: Drives of the same kind to verify with.
        duration_ms: The duration of a trial in ms.
        window_ms: The time in ms at the end of a trial over which the readout averages.
        labels: (trials,) the correct class of each test trial, -1 for none. None gives no labels.
        classes: The names of the classes. None numbers them.
        readout: An nn.Linear that takes what `module.read` returns; it stays on the host.
        name: The name of the circuit: letters, digits, - and _. None takes "soft-wta" or "cmc-regions".
        on_host: Parts of the model that stay on the host, one line each, for the report.
        path: A file ending in .pt to write the model to, for `load` and `neurocmc compile`.

    Returns:
        The model, which `compile` takes.

    Raises:
        InputError: For data that do not fit the module, and a circuit that is not stable.

    Example:
        >>> import torch
        >>> wta, drives = neurocmc.SoftWta(units=3), torch.rand(20, 3)
        >>> model = neurocmc.from_module(wta, calibration=drives, test=drives, duration_ms=200, window_ms=50)
        >>> model.circuit.units
        4
    """
    need("torch", "from_module", "a module of torch")
    from neurocmc.frontends.own_modules import OwnData  # here and not above: torch takes seconds to import
    from neurocmc.pipeline.model import own_module

    data = OwnData(
        calibration=calibration,
        test=test,
        labels=labels,
        duration_ms=duration_ms,
        window_ms=window_ms,
        classes=None if classes is None else tuple(classes),
        readout=readout,
        name=name or ("soft-wta" if hasattr(module, "project_") else "cmc-regions"),
        on_host=tuple(on_host),
    )
    return own_module(module, data, None if path is None else Path(path))
