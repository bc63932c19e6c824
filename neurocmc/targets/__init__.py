"""The chips, as numbers with their sources: strict YAML in, typed and immutable Target out."""

from neurocmc.targets.loader import known_targets, load_target, parse_target
from neurocmc.targets.schema import (
    IdealLimits,
    IdealTarget,
    LavaRunConfig,
    LoihiEnergy,
    LoihiLimits,
    LoihiTarget,
    Provenance,
    Target,
    TrueNorthEnergy,
    TrueNorthLimits,
    TrueNorthTarget,
)

__all__ = [
    "IdealLimits",
    "IdealTarget",
    "LavaRunConfig",
    "LoihiEnergy",
    "LoihiLimits",
    "LoihiTarget",
    "Provenance",
    "Target",
    "TrueNorthEnergy",
    "TrueNorthLimits",
    "TrueNorthTarget",
    "known_targets",
    "load_target",
    "parse_target",
]
