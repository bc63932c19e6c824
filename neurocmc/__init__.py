"""Compiles trained cortical rate circuits to spiking neuromorphic chips, every stage verified.

    import neurocmc

    artifact = neurocmc.compile("models/swta-digits.pt", target="loihi1", out="build")
    print(neurocmc.verify(artifact).passed)

api            the functions of Python, with the names and defaults of the command line
campaigns      does studies and sweeps, here or on workers
tasks          gives the labelled images that circuits are trained on
bring          makes models of rate circuits that were trained elsewhere
bring_neurons  makes models of networks that spike already
cli            the `neurocmc` command
literature     builds circuits that the literature describes, as an ordinary user of the rest
pipeline       runs the passes, writes and reads artifacts, simulates, verifies, sweeps and studies them
frontends      read what a user brings as a RateCircuit
circuits       trainable torch models and their training
passes         lower a circuit from level to level
ir             defines the levels, stimuli and recordings, and stores them
targets        reads the chips as numbers with their sources
sim            interprets every level
theory         says what holds of a circuit's states without running it
verification   judges what each stage kept of the one before it
report         shows a compiled circuit to people
backends       write programs that run without neurocmc
common         holds what all of them use, and imports none of them

`import neurocmc` is quick: what needs torch or Brian2 is imported when it is first asked for. The functions are those
of `neurocmc.api`, and beside them the emulators for hand-made networks: `CompartmentNetwork` and
`run_compartments` (`neurocmc.sim.loihi.compartments.network`, `neurocmc.sim.loihi.compartments.run`), `CoreNetwork`,
`CoreBuilder` and `run_cores` (`neurocmc.ir.truenorth.cores`, `neurocmc.sim.truenorth`). With torch there are modules
for training loops of one's own: `SoftWta`, `CmcRegions` (`neurocmc.circuits.own`), `ChipPool` (`.chip_pool`).
"""

from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

from neurocmc.ir.plotting import draw_recordings_by

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from neurocmc.api import (
        budget,
        compile,  # noqa: A004
        export,
        load,
        simulate,
        verify,
    )
    from neurocmc.bring import from_arrays, from_module, from_torch
    from neurocmc.bring_neurons import from_memory, from_neurons, from_nir
    from neurocmc.campaigns import study, sweep
    from neurocmc.circuits.chip_pool import ChipPool as ChipPool
    from neurocmc.circuits.own import CmcRegions as CmcRegions
    from neurocmc.circuits.own import SoftWta as SoftWta
    from neurocmc.common.errors import NeurocmcError
    from neurocmc.ir.neurons.recording import NeuronRecording
    from neurocmc.ir.neurons.stimulus import EventStimulus
    from neurocmc.ir.recording import Recording
    from neurocmc.ir.stimulus import Stimulus
    from neurocmc.ir.truenorth.cores import CoreNetwork
    from neurocmc.pipeline.model import Model
    from neurocmc.sim.loihi.compartments.network import CompartmentNetwork, SynapseGroup
    from neurocmc.sim.loihi.compartments.records import CompartmentRun, InputEvents
    from neurocmc.sim.loihi.compartments.run import run_compartments
    from neurocmc.sim.truenorth.build import CoreBuilder
    from neurocmc.sim.truenorth.records import CoreRecord, CoreRun
    from neurocmc.sim.truenorth.run import CoreInputSpikes, run_cores
    from neurocmc.tasks import images

    __version__: str

# Python imports it no more once the main thread has come to its end, while others may only begin to call us.
import_module("concurrent.futures.thread")

__all__ = [
    "CompartmentNetwork",
    "CompartmentRun",
    "CoreBuilder",
    "CoreInputSpikes",
    "CoreNetwork",
    "CoreRecord",
    "CoreRun",
    "EventStimulus",
    "InputEvents",
    "Model",
    "NeurocmcError",
    "NeuronRecording",
    "Stimulus",
    "SynapseGroup",
    "__version__",
    "budget",
    "compile",
    "export",
    "from_arrays",
    "from_memory",
    "from_module",
    "from_neurons",
    "from_nir",
    "from_torch",
    "images",
    "load",
    "run_compartments",
    "run_cores",
    "simulate",
    "study",
    "sweep",
    "verify",
]

_HOMES = {
    "from_arrays": "neurocmc.bring",
    "from_module": "neurocmc.bring",
    "from_memory": "neurocmc.bring_neurons",
    "from_neurons": "neurocmc.bring_neurons",
    "from_nir": "neurocmc.bring_neurons",
    "from_torch": "neurocmc.bring",
    "Model": "neurocmc.pipeline.model",
    "NeurocmcError": "neurocmc.common.errors",
    "Stimulus": "neurocmc.ir.stimulus",
    "EventStimulus": "neurocmc.ir.neurons.stimulus",
    "NeuronRecording": "neurocmc.ir.neurons.recording",
    "CompartmentNetwork": "neurocmc.sim.loihi.compartments.network",
    "SynapseGroup": "neurocmc.sim.loihi.compartments.network",
    "CompartmentRun": "neurocmc.sim.loihi.compartments.records",
    "InputEvents": "neurocmc.sim.loihi.compartments.records",
    "run_compartments": "neurocmc.sim.loihi.compartments.run",
    "CoreNetwork": "neurocmc.ir.truenorth.cores",
    "CoreBuilder": "neurocmc.sim.truenorth.build",
    "CoreRecord": "neurocmc.sim.truenorth.records",
    "CoreRun": "neurocmc.sim.truenorth.records",
    "CoreInputSpikes": "neurocmc.sim.truenorth.run",
    "run_cores": "neurocmc.sim.truenorth.run",
    "images": "neurocmc.tasks",
    "study": "neurocmc.campaigns",
    "sweep": "neurocmc.campaigns",
}

# Not among __all__, since `from neurocmc import *` must do without torch.
_OF_TORCH = {
    "ChipPool": "neurocmc.circuits.chip_pool",
    "CmcRegions": "neurocmc.circuits.own",
    "SoftWta": "neurocmc.circuits.own",
}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("neurocmc")
    if name in _OF_TORCH:
        from neurocmc.common.extras import need

        need("torch", f"neurocmc.{name}", "a module of torch")
    if name in __all__ or name in _OF_TORCH:
        from neurocmc.common.process import known_state

        with known_state():
            home = _OF_TORCH.get(name) or _HOMES.get(name, "neurocmc.api")
            return getattr(import_module(home), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    from neurocmc.common.extras import is_installed

    return sorted({*globals(), *__all__, *(_OF_TORCH if is_installed("torch") else ())})


def _draw(recording: "Recording | NeuronRecording", trial: int, populations: Sequence[str] | None) -> "Figure":
    # Here and not above: matplotlib takes long to import.
    from neurocmc.ir.neurons.recording import NeuronRecording
    from neurocmc.report.figures.rasters import draw_rasters
    from neurocmc.report.figures.recorded import draw_recording

    if isinstance(recording, NeuronRecording):
        return draw_rasters(recording, trial, populations)
    return draw_recording(recording, trial, populations)


draw_recordings_by(_draw)
