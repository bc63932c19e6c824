"""neurocmc compiles trained cortical rate circuits to spiking neuromorphic chips, every stage verified.

    import neurocmc

    artifact = neurocmc.compile("models/swta-digits.pt", target="loihi1", out="build")
    print(neurocmc.verify(artifact).passed)

`import neurocmc` is quick: what needs torch or Brian2 is imported when it is first asked for. The functions are those
of `neurocmc.api`.
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from neurocmc.api import budget, compile, load, simulate, verify  # noqa: A004

    __version__: str

__all__ = ["__version__", "budget", "compile", "load", "simulate", "verify"]


class _CallablePackage(ModuleType):
    """The package `neurocmc.verify`, which is also the function `neurocmc.verify(artifact)`.

    Python puts a submodule into its parent under its own name, over whatever stood there; both must be had by it.
    """

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return import_module("neurocmc.api").verify(*args, **kwargs)


class _Package(ModuleType):
    """neurocmc itself: makes `neurocmc.verify` callable at the moment in which Python puts it here."""

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "verify" and isinstance(value, ModuleType):
            value.__class__ = _CallablePackage
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("neurocmc")
    if name == "verify":
        return import_module("neurocmc.verify")
    if name in __all__:
        return getattr(import_module("neurocmc.api"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
