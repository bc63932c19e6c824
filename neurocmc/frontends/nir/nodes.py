"""Lists what the nodes of NIR 1.0.8 hold, field by field, and what is done with each: nothing is passed over.

A field is *used* where a number of the network comes from it, and *checked* where it must agree with what the rest of
the graph says. A field that stands in no row of this table is refused by name.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Kind = Literal["numbers", "whole", "padding"]
Use = Literal["used", "checked"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A field of a type of node: what it holds, whether it may be left out, and what is done with it."""

    name: str
    kind: Kind = "numbers"
    required: bool = True
    use: Use = "used"
    does: str


def _used(name: str, does: str, kind: Kind = "numbers", *, required: bool = True) -> Field:
    return Field(name=name, kind=kind, required=required, does=does)


_WEIGHT = _used("weight", "weights of the synapses")
_BIAS = _used("bias", "current in every tick, carried through later matrices")
_R = _used("r", "gain of the voltage; refused unless 1 where the framework ignores it")
_V_LEAK = _used("v_leak", "shifts threshold and reset where that is exact, else refused unless 0")
_V_THRESHOLD = _used("v_threshold", "threshold")
_V_RESET = _used("v_reset", "what a spike takes the voltage to; refused where the framework does something else",
                 required=False)  # fmt: skip
_TAU = _used("tau", "pole of the voltage")
_TAU_SYN = _used("tau_syn", "pole of the current")
_TAU_MEM = _used("tau_mem", "pole of the voltage")
_W_IN = _used("w_in", "gain of the current", required=False)
_STRIDE = _used("stride", "steps of the window", "whole")
_PADDING = _used("padding", "zeros around the input", "padding")
_KERNEL = _used("kernel_size", "height and width of the window", "whole")
_CONVOLUTION = (
    Field(name="input_shape", kind="whole", required=False, use="checked", does="must be the shape that arrives"),
    _WEIGHT,
    _STRIDE,
    _PADDING,
    _used("dilation", "steps within the window", "whole"),
    _used("groups", "groups of channels", "whole"),
    _BIAS,
)
_POOL = (_KERNEL, _STRIDE, _used("padding", "zeros around the input", "whole"))
_SHAPE = Field(name="shape", kind="whole", use="checked", does="shape of what passes")

TYPES: Mapping[str, tuple[Field, ...]] = MappingProxyType(
    {
        "Affine": (_WEIGHT, _BIAS),
        "Linear": (_WEIGHT,),
        "Scale": (_used("scale", "factor of each weight"),),
        "Conv1d": _CONVOLUTION,
        "Conv2d": _CONVOLUTION,
        "SumPool2d": _POOL,
        "AvgPool2d": _POOL,
        "Flatten": (
            Field(name="input_type", kind="whole", required=False, use="checked", does="must be what arrives"),
            _used("start_dim", "first dimension that is joined", "whole"),
            _used("end_dim", "last dimension that is joined", "whole"),
        ),
        "Delay": (_used("delay", "whole ticks by which synapses act later"),),
        "Threshold": (_used("threshold", "threshold of neurons that are not reset"),),
        "I": (_R,),
        "IF": (_R, _V_THRESHOLD, _V_RESET),
        "LI": (_TAU, _R, _V_LEAK),
        "LIF": (_TAU, _R, _V_LEAK, _V_THRESHOLD, _V_RESET),
        "CubaLI": (_TAU_SYN, _TAU_MEM, _R, _V_LEAK, _W_IN),
        "CubaLIF": (_TAU_SYN, _TAU_MEM, _R, _V_LEAK, _V_THRESHOLD, _V_RESET, _W_IN),
        "Input": (Field(name="shape", kind="whole", does="shape of the channels"),),
        "Output": (_SHAPE,),
        "NIRGraph": (),  # its nodes and edges are read by `graph`
    }
)
RELAY = "Relay"  # an Input or Output of a graph within a graph, which passes on what it gets
RELAY_FIELDS = (_SHAPE,)

LINEAR = ("Affine", "Linear", "Scale", "Conv1d", "Conv2d", "SumPool2d", "AvgPool2d", "Flatten", "Delay", RELAY)
SPIKING = ("IF", "LIF", "CubaLIF", "Threshold")
INTEGRATORS = ("LI", "CubaLI")  # they are read by the host, or are the current of a Threshold
