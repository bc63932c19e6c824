"""Finds the family that compiles for the kind of a target, among those built in and those of other distributions."""

from collections.abc import Mapping
from typing import Any

from neurocmc.pipeline.chips.family import Family
from neurocmc.pipeline.chips.ideal import IdealFamily
from neurocmc.pipeline.chips.loihi import LoihiFamily
from neurocmc.pipeline.chips.truenorth import TrueNorthFamily
from neurocmc.targets import Target
from neurocmc.targets.kinds import added_family

BUILT_IN: Mapping[str, Family[Any]] = {
    family.schema.kind: family for family in (LoihiFamily(), TrueNorthFamily(), IdealFamily())
}


def family_of(target: Target) -> Family[Any]:
    """Returns the family that compiles for a target; one of another distribution is imported when first asked for."""
    return BUILT_IN[target.kind] if target.kind in BUILT_IN else added_family(target.kind)
