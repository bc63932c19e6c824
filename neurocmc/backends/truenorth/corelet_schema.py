"""The form of a corelet description: pydantic models, from which corelets.schema.json beside this file is made.

Numbers stand in as few places as they can: neurons with the same parameters share a prototype, axons with the same
connections share a row of the crossbar, what repeats along a core is a run, [value, how many], and thresholds and
potentials, which a pool has in steps, are ladders, [first, how many, step]. What the fields mean is in
docs/truenorth-formats.md; `python -m neurocmc.backends.truenorth.corelet_schema` prints the schema.
"""

from typing import Annotated, Any, Literal

from pydantic import Field

from neurocmc.common.strict_yaml import StrictModel
from neurocmc.ir.truenorth.program import AxonRole, NeuronRole

FORMAT, VERSION = "neurocmc-corelets", 1
MOST_CORES, MOST_PLACES, MOST_OUTPUTS = 2**16, 2**12, 2**20  # places: axons or neurons of a core
MAX_NAME = 200
MAX_DEPTH = 16  # of corelets in corelets

Index = Annotated[int, Field(ge=0, lt=2**20)]
Count = Annotated[int, Field(ge=1, le=2**20)]
Int16 = Annotated[int, Field(ge=-(2**15), lt=2**15)]
Int32 = Annotated[int, Field(ge=-(2**31), lt=2**31)]
NotNegative = Annotated[int, Field(ge=0, lt=2**31)]
Name = Annotated[str, Field(max_length=MAX_NAME)]
Step = Annotated[int, Field(gt=-(2**32), lt=2**32)]
Ladder = Annotated[
    tuple[Int32, Count, Step], Field(description="first value, how many neurons, and the step from each to the next")
]
Run = Annotated[tuple[Index, Count], Field(description="an index, and how many neighbours share it")]


class Chip(StrictModel):
    """What all cores have in common."""

    axons: Annotated[int, Field(ge=1, le=MOST_PLACES, description="of each core")]
    neurons: Annotated[int, Field(ge=1, le=MOST_PLACES, description="of each core")]
    types: Annotated[int, Field(ge=1, le=256, description="of axons; a neuron has one weight a type")]
    potential_bits: Annotated[int, Field(ge=2, le=32, description="of V's signed register")]
    outputs: Annotated[int, Field(ge=0, le=MOST_OUTPUTS, description="lines of the output bus")]


class Prototype(StrictModel):
    """Parameters that neurons share, all but threshold and start; what is left out has the default."""

    weights: Annotated[tuple[Int16, ...], Field(description="one for each axon type")]
    stochastic_types: Annotated[tuple[Index, ...], Field(description="whose weights act by chance")] = ()
    leak: Int16 = 0
    stochastic_leak: bool = False
    leak_reversal: bool = False
    noise_mask: NotNegative = 0
    floor: NotNegative = 0
    floor_saturates: bool = False
    reset_potential: Int32 = 0
    reset_mode: Annotated[
        int, Field(ge=0, le=2, description="0 to the reset potential, 1 subtract the threshold, 2 none")
    ] = 0


class Core(StrictModel):
    """One core: runs of axon_types and crossbar go over its axons, the others over its neurons."""

    place: Annotated[tuple[Int32, Int32], Field(description="column and row on the grid")]
    axon_types: Annotated[tuple[Run, ...], Field(description="[type, how many]")]
    crossbar: Annotated[tuple[Run, ...], Field(description="[index into rows, how many]")]
    neurons: Annotated[tuple[Run, ...], Field(description="[index into prototypes, how many]")]
    threshold: Annotated[tuple[Ladder, ...], Field(description="of each neuron, 0 or more")]
    potential: Annotated[tuple[Ladder, ...], Field(description="V of each neuron before the first tick")]


class Wire(StrictModel):
    """Neurons in a row and where their spikes go; a neuron without a wire sends nowhere."""

    source: Annotated[
        tuple[Index, Index, Count], Field(alias="from", description="core, first neuron, how many neurons")
    ]
    target: Annotated[
        Index | Literal["output", "nowhere"], Field(alias="to", description="a core, the output bus, or nowhere")
    ]
    axons: Annotated[
        tuple[Int32, Step],
        Field(description="axon (or line of the bus) of the first neuron, and the step from neuron to neuron"),
    ]
    delay: Annotated[int, Field(ge=1, le=255, description="ticks until the spike arrives")]


class InputConnector(StrictModel):
    """A range of axons through which one signal comes into a corelet."""

    role: AxonRole
    source: Annotated[Name, Field(description="the corelet or input that the signal comes from")]
    core: Index
    axons: Annotated[tuple[Index, Index], Field(description="first, and one beyond the last")]


class OutputConnector(StrictModel):
    """A range of neurons with one task, through which a corelet sends."""

    role: NeuronRole
    core: Index
    neurons: Annotated[tuple[Index, Index], Field(description="first, and one beyond the last")]


class Corelet(StrictModel):
    """A named part of the network: connectors of its own, and corelets within it."""

    name: Name
    inputs: tuple[InputConnector, ...] = ()
    outputs: tuple[OutputConnector, ...] = ()
    corelets: "tuple[Corelet, ...]" = ()


class Description(StrictModel):
    """A network of neurosynaptic cores, placed and wired, and the tree of corelets that it consists of."""

    format: Literal["neurocmc-corelets"]
    version: Literal[1]
    name: Name
    target: Annotated[Name, Field(description="the chip it was made for")]
    tick_s: Annotated[float, Field(gt=0)]
    chip: Chip
    prototypes: tuple[Prototype, ...]
    rows: Annotated[
        tuple[Annotated[str, Field(pattern="^([0-9a-f]{2})*$")], ...],
        Field(description="rows of crossbars in hexadecimal: bit n % 8 of byte n // 8 connects neuron n"),
    ]
    cores: Annotated[tuple[Core, ...], Field(max_length=MOST_CORES)]
    wiring: tuple[Wire, ...]
    corelets: tuple[Corelet, ...]


def json_schema() -> dict[str, Any]:
    """Returns the JSON Schema (2020-12) of a corelet description."""
    schema = Description.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "neurocmc corelets", **schema}


if __name__ == "__main__":
    from neurocmc.common.files import json_text

    print(json_text(json_schema()), end="")
