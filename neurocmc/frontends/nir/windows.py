"""Places the windows of convolutions and pools on their input: strides, paddings, dilations, as torch has them."""

from dataclasses import dataclass
from math import prod

from neurocmc.frontends.nir.graph import NirNode

Shape = tuple[int, ...]
MOST_ENTRIES = 1 << 26  # of one matrix


class ShapeError(ValueError):
    """What is wrong with the shape of a node, with its cure."""

    def __init__(self, what: str, cure: str) -> None:
        super().__init__(what)
        self.what, self.cure = what, cure


@dataclass(frozen=True, slots=True, kw_only=True)
class Windows:
    """Windows over an input of `channels` x `size`: one for each output position, of each group of channels."""

    channels: int
    size: Shape
    kernel: Shape
    stride: Shape
    dilation: Shape
    before: Shape  # zeros put before the input, in each dimension
    after: Shape
    groups: int
    filters: int  # output channels

    @property
    def positions(self) -> Shape:
        """Where a window can stand, in each dimension."""
        spans = [d * (k - 1) + 1 for d, k in zip(self.dilation, self.kernel, strict=True)]
        padded = [n + b + a for n, b, a in zip(self.size, self.before, self.after, strict=True)]
        return tuple((n - span) // s + 1 for n, span, s in zip(padded, spans, self.stride, strict=True))

    @property
    def out(self) -> Shape:
        """The shape of the output."""
        return (self.filters, *self.positions)


def windows_of(node: NirNode, shape: Shape) -> Windows:
    """Returns the windows of a convolution or pool on an input of `shape`. Raises ShapeError."""
    pool = node.type in ("SumPool2d", "AvgPool2d")
    weight = (1, 1) if pool else node.numbers("weight").shape
    dimensions = 1 if node.type == "Conv1d" else 2
    if not pool and len(weight) != dimensions + 2:
        raise ShapeError(f"its weight has shape {weight}", f"give {dimensions + 2} dimensions: out, in, window")
    if len(shape) != dimensions + 1:
        wanted = "(channels, length)" if dimensions == 1 else "(channels, height, width)"
        raise ShapeError(f"gets shape {shape}, needs {wanted}", "give the Input the shape that the layer needs")
    kernel = _each(node, "kernel_size", dimensions) if pool else weight[2:]
    stride = _each(node, "stride", dimensions)
    dilation = (1,) * dimensions if pool else _each(node, "dilation", dimensions)
    groups = shape[0] if pool else _groups(node, weight, shape)
    before, after = _padding(node, dimensions, kernel, stride, dilation)
    if min(*kernel, *stride, *dilation) < 1 or min(before) < 0:
        raise ShapeError("a window, stride or dilation is below 1, or a padding below 0", "give positive numbers")
    found = Windows(
        channels=shape[0],
        size=shape[1:],
        kernel=kernel,
        stride=stride,
        dilation=dilation,
        before=before,
        after=after,
        groups=groups,
        filters=shape[0] if pool else weight[0],
    )
    if min(found.positions) < 1:
        raise ShapeError(f"its window does not fit into {shape}", "give a larger input, or a smaller window")
    if prod(found.out) * prod(kernel) * (found.channels // groups) > MOST_ENTRIES:
        raise ShapeError(f"has more than {MOST_ENTRIES:,} synapses", "give fewer channels, or a smaller input")
    return found


def _groups(node: NirNode, weight: Shape, shape: Shape) -> int:
    groups = node.whole("groups")[0]
    if groups < 1 or weight[0] % groups or weight[1] * groups != shape[0]:
        what = f"its weight {weight} in {groups} groups needs {weight[1] * groups} channels, gets {shape[0]}"
        raise ShapeError(what, "give weights (out, channels / groups, window)")
    return groups


def _each(node: NirNode, name: str, dimensions: int) -> Shape:
    """A number of a window for each dimension; one number stands for all."""
    given = node.whole(name)
    if len(given) not in (1, dimensions):
        raise ShapeError(f"{name} has {len(given)} numbers", f"give 1, or {dimensions}")
    return given * dimensions if len(given) == 1 else given


def _padding(node: NirNode, dimensions: int, kernel: Shape, stride: Shape, dilation: Shape) -> tuple[Shape, Shape]:
    """Zeros before and after the input. An odd number of them for `same` puts one more after it, as torch does."""
    given = node.fields["padding"]
    if given == "valid" if isinstance(given, str) else False:
        return (0,) * dimensions, (0,) * dimensions
    if isinstance(given, str):
        if set(stride) != {1}:
            raise ShapeError(f"padding 'same' with stride {stride}", "give the padding in numbers")
        whole = [d * (k - 1) for d, k in zip(dilation, kernel, strict=True)]
        return tuple(n // 2 for n in whole), tuple(n - n // 2 for n in whole)
    each = _each(node, "padding", dimensions)
    return each, each
