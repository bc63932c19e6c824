"""neurocmc compiles trained cortical rate circuits to spiking neuromorphic chips, every stage verified.

    import neurocmc

    artifact = neurocmc.compile("models/swta-digits.pt", target="loihi1", out="build")
    print(neurocmc.verify(artifact).passed)

`import neurocmc` is quick: what needs torch or Brian2 is imported when it is first asked for. The functions are those
of `neurocmc.api`, and beside them the emulator for networks given as arrays: `CompartmentNetwork` and
`run_compartments` (`neurocmc.sim.compartments.network`, `neurocmc.sim.compartments.run`).
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from neurocmc.api import budget, compile, load, simulate, verify  # noqa: A004
    from neurocmc.sim.compartments.network import CompartmentNetwork, SynapseGroup
    from neurocmc.sim.compartments.run import CompartmentRun, InputEvents, run_compartments

    __version__: str

__all__ = [
    "CompartmentNetwork",
    "CompartmentRun",
    "InputEvents",
    "SynapseGroup",
    "__version__",
    "budget",
    "compile",
    "load",
    "run_compartments",
    "simulate",
    "verify",
]

_HOMES = {
    "CompartmentNetwork": "neurocmc.sim.compartments.network",
    "SynapseGroup": "neurocmc.sim.compartments.network",
    "CompartmentRun": "neurocmc.sim.compartments.run",
    "InputEvents": "neurocmc.sim.compartments.run",
    "run_compartments": "neurocmc.sim.compartments.run",
}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("neurocmc")
    if name in __all__:
        return getattr(import_module(_HOMES.get(name, "neurocmc.api")), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
