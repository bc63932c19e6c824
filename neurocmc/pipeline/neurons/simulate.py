"""Runs a compiled network of neurons on one of its interpreters."""

from pathlib import Path
from typing import Literal, get_args

from neurocmc.common.errors import InputError, Problem, raise_input_problems
from neurocmc.common.names import did_you_mean
from neurocmc.ir.neurons.network import NeuronNetwork
from neurocmc.ir.neurons.recording import NeuronRecording
from neurocmc.ir.neurons.stimulus import EventStimulus
from neurocmc.ir.neurons.store import load_events
from neurocmc.pipeline.chips.lava import TIME_LIMIT_S
from neurocmc.pipeline.neurons.artifact import NeuronArtifact
from neurocmc.pipeline.program import emitted_again
from neurocmc.sim.neurons import simulate_neurons

NeuronInterpreter = Literal["float", "fitted", "emulator", "brian2", "lava"]
INTERPRETERS: tuple[NeuronInterpreter, ...] = get_args(NeuronInterpreter)


def simulate_network(
    artifact: NeuronArtifact,
    on: str = "emulator",
    stimulus: str | Path | EventStimulus | None = None,
    samples: int | None = None,
    time_limit_s: float = TIME_LIMIT_S,
) -> NeuronRecording:
    """Runs a compiled network and returns every spike, in the network's own time.

    Args:
        artifact: The artifact.
        on: "float" runs the network as it was brought, in real numbers and its framework's order; "fitted" with the
            chip's resets and latencies; "emulator" the chip's integers; "lava" the emitted program in the interpreter
            that has Lava, and "brian2" that of the target brian2.
        stimulus: The name of one that the artifact holds, an .npz file of events, or a stimulus. None takes the test.
        samples: Takes the first so many trials. None takes all.
        time_limit_s: The longest time in s that "lava" may take.

    Returns:
        A NeuronRecording.

    Raises:
        InputError: Where the stimulus does not fit, or there is no such interpreter.
        InfeasibleError: Where the stimulus drives a current out of its register.
    """
    chosen = chosen_events(artifact, stimulus, samples)
    match on:
        case "float":
            return simulate_neurons(_real(artifact, artifact.given, on), chosen, level="float")
        case "fitted":
            return simulate_neurons(_real(artifact, artifact.fitted, on), chosen, level="fitted")
        case level if level == artifact.built.level:
            return artifact.built.run(chosen)
        case tool if tool and tool == artifact.built.tool:
            if not time_limit_s > 0:
                what = f"got {time_limit_s:g}"
                raise InputError(Problem("number-out-of-range", "--time-limit", what, "give a time in s"))
            with emitted_again(artifact) as program:
                return artifact.built.run_program(program, chosen, time_limit_s)
        case _:
            what = f"a network of neurons for {artifact.target.name} does not run on {on!r}"
            levels = dict.fromkeys(("float", "fitted", artifact.built.level, artifact.built.tool))
            cure = f"use one of {', '.join(level for level in levels if level)}"
            raise InputError(Problem("interpreter-unfit", "--on", what, cure))


def chosen_events(
    artifact: NeuronArtifact, stimulus: str | Path | EventStimulus | None, samples: int | None
) -> EventStimulus:
    """Finds a stimulus as `find_events` does, and takes its first trials. Raises InputError for fewer than 1."""
    if samples is not None and samples < 1:
        raise InputError(Problem("number-out-of-range", "--samples", f"got {samples}", "give 1 or more"))
    return find_events(artifact, stimulus).take(slice(samples))


def find_events(artifact: NeuronArtifact, stimulus: str | Path | EventStimulus | None) -> EventStimulus:
    """Finds a stimulus by name or in a file, and checks it against the inputs. Raises InputError."""
    if stimulus is None:
        return artifact.test
    if isinstance(stimulus, EventStimulus):
        raise_input_problems(stimulus.problems(artifact.inputs))
        return stimulus
    if str(stimulus) in artifact.stimuli:
        return artifact.stimuli[str(stimulus)]
    path = Path(stimulus)
    if path.suffix != ".npz":
        what = f"the artifact holds no stimulus {str(stimulus)!r}"
        near = did_you_mean(str(stimulus), artifact.stimuli)
        cure = f"{near}its stimuli are: {', '.join(artifact.stimuli)}; or give an .npz file of events"
        raise InputError(Problem("stimulus-unknown", "--stimulus", what, cure))
    loaded = load_events(path, artifact.inputs, artifact.dt_s)
    raise_input_problems(loaded.problems(artifact.inputs))
    return loaded


def _real(artifact: NeuronArtifact, network: NeuronNetwork | None, on: str) -> NeuronNetwork:
    if network is None:
        what = f"it was brought in integers: there is no {on}"
        cure = f"use --on {artifact.built.level}"
        raise InputError(Problem("interpreter-unfit", str(artifact.directory), what, cure))
    return network
