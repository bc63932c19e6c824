"""Reads the chips as numbers with their sources: strict YAML in, typed and immutable Target out.

schema      defines what a target is
loihi       defines the chips of the Loihi family
neurocorex  defines boards of the NeuroCoreX kind
truenorth   defines the chips of neurosynaptic cores
kinds       knows the kinds of chips
loader      reads a target from a name or a file
"""

from neurocmc.targets.kinds import TargetSchema
from neurocmc.targets.loader import known_targets, load_target, parse_target
from neurocmc.targets.loihi import LavaRunConfig, LoihiEnergy, LoihiLimits, LoihiTarget, SignMode
from neurocmc.targets.schema import (
    AXONS,
    CODES,
    PLANES,
    SECOND_ORDER,
    STEPS,
    Axons,
    Code,
    IdealLimits,
    IdealTarget,
    Limits,
    MessageTimes,
    Planes,
    Provenance,
    SecondOrder,
    Steps,
    Target,
)
from neurocmc.targets.truenorth import TrueNorthEnergy, TrueNorthLimits, TrueNorthTarget

__all__ = [
    "AXONS",
    "CODES",
    "PLANES",
    "SECOND_ORDER",
    "STEPS",
    "Axons",
    "Code",
    "IdealLimits",
    "IdealTarget",
    "LavaRunConfig",
    "Limits",
    "LoihiEnergy",
    "LoihiLimits",
    "LoihiTarget",
    "MessageTimes",
    "Planes",
    "Provenance",
    "SecondOrder",
    "SignMode",
    "Steps",
    "Target",
    "TargetSchema",
    "TrueNorthEnergy",
    "TrueNorthLimits",
    "TrueNorthTarget",
    "known_targets",
    "load_target",
    "parse_target",
]
