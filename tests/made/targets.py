"""The bundled chips, by kind, and chips that differ from them in some limits."""

from dataclasses import replace
from typing import Any

from neurocmc.targets import LoihiTarget, TrueNorthTarget, load_target


def loihi(name: str = "loihi1", **limits: Any) -> LoihiTarget:
    """A chip of the Loihi family; `limits` replace those it has."""
    target = load_target(name)
    assert isinstance(target, LoihiTarget)
    if "cores_per_chip" in limits:  # of another number of cores no mesh is known
        limits = {"tile_columns": 0, "tile_rows": 0, **limits}
    return replace(target, limits=target.limits.model_copy(update=limits)) if limits else target


def own_axons(name: str = "loihi1", **limits: Any) -> LoihiTarget:
    """The same chips where every neuron has axons of its own."""
    return loihi(name, **limits).with_own_axons


def truenorth(name: str = "truenorth", **limits: Any) -> TrueNorthTarget:
    """A chip of neurosynaptic cores; `limits` replace those it has."""
    target = load_target(name)
    assert isinstance(target, TrueNorthTarget)
    return replace(target, limits=target.limits.model_copy(update=limits)) if limits else target
