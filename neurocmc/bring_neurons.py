"""Makes models of networks that spike already: files of other frameworks, compartments as arrays, memories."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from neurocmc.common.calls import python_call
from neurocmc.common.errors import InputError, Problem
from neurocmc.common.process import known_state
from neurocmc.frontends.compartments import integers_of
from neurocmc.frontends.recall.arrays import memories_of
from neurocmc.ir.neurons.network import Decide
from neurocmc.ir.neurons.stimulus import EventStimulus, labels_of
from neurocmc.pipeline.neurons.model import NeuronModel, brought, load_nir
from neurocmc.pipeline.neurons.recall import recall_model
from neurocmc.sim.checks import shape_of
from neurocmc.sim.loihi.compartments.network import CompartmentNetwork, SynapseGroup
from neurocmc.targets import SignMode

INPUT = "input"


@known_state()
@python_call
def from_nir(
    path: str | Path,
    *,
    semantics: str,
    dt_s: float | None = None,
    reset: str | None = None,
    decide: Decide = "last",
    events: EventStimulus | str | Path | None = None,
    calibration: EventStimulus | str | Path | None = None,
) -> NeuronModel:
    """Makes a model of a spiking network in a NIR file, with the equations of the framework that trained it.

    Args:
        path: The file.
        semantics: "snntorch-0", "snntorch-1", "norse", "sinabs", "spyx" or "nir": how a neuron computes a tick, which
            a NIR file does not say.
        dt_s: The length of a tick in s, for frameworks in which it can be chosen.
        reset: "zero", "subtract" or "none", if neither the file nor the framework says it.
        decide: How leaky integrators at the output answer: by their "last" value, their "mean" or their "max".
        events: Input spikes to verify with: an EventStimulus, or an .npz file of events. None takes random spikes.
        calibration: Input spikes on which the scales of the weights are chosen. None takes `events`.

    Returns:
        A model, for `compile`.

    Raises:
        InputError: With everything in the file that cannot be used, and for events that do not fit.

    Example:
        >>> model = neurocmc.from_nir("build/digits.nir", semantics="snntorch-1", reset="zero")
        >>> model.sizes["lif1.lif"]
        48
    """
    given = [Path(entry) if isinstance(entry, str) else entry for entry in (events, calibration)]
    return load_nir(
        Path(path),
        semantics=semantics,
        dt_s=dt_s,
        reset=reset,
        decide=decide,
        events=given[0],
        calibration=given[1],
    )


@known_state()
@python_call
def from_neurons(
    *,
    weights: Any = None,
    input_weights: Any,
    decay_u: Any,
    decay_v: Any,
    threshold: Any,
    bias: Any = 0,
    bias_exponent: Any = 0,
    weight_exponent: int = 0,
    input_exponent: int = 0,
    weight_bits: int = 8,
    sign: SignMode = "mixed",
    input_sign: SignMode = "mixed",
    delay_ticks: Any = 0,
    input_delay_ticks: Any = 0,
    u_initial: Any = 0,
    v_initial: Any = 0,
    refractory_ticks: Any = 1,
    synapses: tuple[SynapseGroup, ...] = (),
    populations: Mapping[str, int] | None = None,
    events: Any = None,
    labels: Any = None,
    tick_ms: float = 1.0,
    name: str = "neurons",
) -> NeuronModel:
    """Makes a model of neurons in Loihi's own integers, as `CompartmentNetwork` emulates them, to place and emit.

    Args:
        weights: (neurons, neurons) whole numbers, dense or scipy.sparse, row = target. None: no recurrence.
        input_weights: (neurons, channels) whole numbers, dense or scipy.sparse.
        decay_u: 0 to 4095. This and all other registers: a number, or (neurons,).
        decay_v: 0 to 4095.
        threshold: Mantissas, 0 to 131,071; the threshold is 64 times it.
        bias: Mantissas, -4095 to 4095.
        bias_exponent: 0 to 7.
        weight_exponent: -7 to 7.
        input_exponent: -7 to 7.
        weight_bits: 1 to 8; in mixed sign mode 1 to 9.
        sign: "mixed", "excitatory" or "inhibitory", of `weights`.
        input_sign: The same for `input_weights`.
        delay_ticks: 0 to 62 ticks in addition to the one of every spike: a number, or a matrix like `weights`.
        input_delay_ticks: The same for `input_weights`, in addition to the tick of the spike itself.
        u_initial: LSB of u before tick 0.
        v_initial: LSB of v before tick 0.
        refractory_ticks: 1 to 63 ticks from a spike to the next possible one; 1 is no refractory time.
        synapses: Further groups between neurons, with other exponents or sign modes.
        populations: Name -> number of neurons, in order. None makes one population of all.
        events: An EventStimulus, or (trials, ticks, channels) of 0 and 1. None takes random spikes.
        labels: (trials,) whole numbers, for the report.
        tick_ms: The model time of a tick in ms.
        name: The name of the network.

    Returns:
        A model, for `compile`.

    Raises:
        InputError: With all errors in the arguments.

    Example:
        >>> model = neurocmc.from_neurons(
        ...     input_weights=[[200, 0], [0, 200]], decay_u=1024, decay_v=409, threshold=300, input_exponent=1
        ... )
        >>> model.sizes
        {'neurons': 2}
    """
    shape = shape_of(input_weights)
    if len(shape) != 2:
        what = f"shape {shape} is not that of a matrix"
        raise InputError(Problem("array-shape", "input_weights", what, "rows are neurons and columns channels"))
    network = CompartmentNetwork.from_arrays(
        weights=sparse.csr_matrix((shape[0], shape[0]), dtype=np.int64) if weights is None else weights,
        decay_u=decay_u,
        decay_v=decay_v,
        threshold=threshold,
        bias=bias,
        bias_exponent=bias_exponent,
        weight_exponent=weight_exponent,
        weight_bits=weight_bits,
        sign=sign,
        delay_ticks=delay_ticks,
        u_initial=u_initial,
        v_initial=v_initial,
        refractory_ticks=refractory_ticks,
        synapses=synapses,
    )
    arriving = SynapseGroup.from_matrix(
        input_weights,
        exponent=input_exponent,
        sign=input_sign,
        weight_bits=weight_bits,
        delay_ticks=input_delay_ticks,
    )
    integers = integers_of(
        network,
        {INPUT: (shape[1], (arriving,))},
        {"neurons": network.compartments} if populations is None else populations,
        name=name,
        tick_s=1e-3 * tick_ms,
    )
    facts = {"neurons": f"{integers.neurons:,}", "synapses": f"{integers.synapse_count:,}"}
    if events is None and labels is not None:
        raise InputError(
            Problem("array-missing", "labels", "they belong to events", "give events, or leave them out")
        )
    given: EventStimulus | None = None
    if isinstance(events, EventStimulus):
        given = events if labels is None else replace(events, labels=labels_of(labels, events.batch))
    elif events is not None:
        given = EventStimulus.of_dense("events", events, labels)
    return brought(Path(f"{name}.npz"), integers, facts, (), None, given)


@known_state()
@python_call
def from_memory(
    *,
    cues: Any,
    contents: Any,
    cue_names: Sequence[str] | None = None,
    feature_names: Sequence[str] | None = None,
    events: EventStimulus | None = None,
    tick_ms: float = 1.0,
    name: str = "memory",
) -> NeuronModel:
    """Makes a model of a content-addressable memory, after area CA3 of the hippocampus, that recalls what is given.

    A cue that spikes in tick t is repeated by `cue_out` in tick t + 5, and its content bits spike in `content_out`
    in tick t + 6. A content bit is repeated by `content_out` in tick t + 5, and every cue that has it spikes in
    `cue_out` in tick t + 6. `verify` recalls each of them. The circuit is that of Casanueva-Morato et al.,
    Bio-inspired computational memory model of the hippocampus (Neural Networks, 2024), after learning; nothing is
    learned on the chip.

    Args:
        cues: (memories,) indices of cues, or (memories, C) one-hot.
        contents: (memories, M) content bits, 0 or 1.
        cue_names: Of the C cues. None numbers them.
        feature_names: Of the M content bits. None numbers them.
        events: Spikes of the inputs "cue" and "content". None recalls each cue and each content bit in a trial.
        tick_ms: The model's time of a tick in ms.
        name: Of the memory.

    Returns:
        A model of 3C + 4M + 1 neurons, for `compile`.

    Raises:
        InputError: With everything that is wrong: contents that are no bits or have none, a cue that has two.

    Example:
        >>> model = neurocmc.from_memory(cues=[0, 1, 2], contents=[[1, 1, 0], [0, 1, 1], [1, 0, 1]])
        >>> sum(model.sizes.values())
        22
    """
    if not 0 < tick_ms < 1e6:
        raise InputError(Problem("time-not-positive", "tick_ms", f"a tick is {tick_ms:g} ms", "give 1 or so"))
    memories = memories_of(cues, contents, cue_names=cue_names, feature_names=feature_names, name=name)
    return recall_model(memories, dt_s=1e-3 * tick_ms, events=events)
