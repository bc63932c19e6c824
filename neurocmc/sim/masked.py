"""Adds bytes to 64 trials at once, each to those whose bit is set: the loop that the compiler does not find itself.

It is written in LLVM's vectors, which every processor has in some width; with AVX-512 an entry costs about one cycle
for all 64 trials. The bytes of two neighbouring trials are one word of 16 bits: the even one counted from 128 on, so
that it is not negative and takes nothing from the odd one. Words are added up, and their upper bytes once more apart;
what the even trials have is then the difference. Some entries are summed as bytes before that, as many as surely fit.
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

LANES = 64  # trials, and bits of a word
TOGETHER = (4, 3, 2, 1)  # entries that may be summed as bytes
BIAS = 128  # of the even trials, in each group that is summed as bytes

BYTES, WORDS = ir.VectorType(ir.IntType(8), LANES), ir.VectorType(ir.IntType(16), LANES // 2)
BITS, SUMS = ir.VectorType(ir.IntType(1), LANES), ir.VectorType(ir.IntType(32), LANES)


@intrinsic
def _add_masked(
    context: Any,
    source: Any,
    weight: Any,
    start: Any,
    stop: Any,
    together: Any,
    bits: Any,
    base: Any,
    shift: Any,
    total: Any,
    row: Any,
) -> Any:
    """Adds to `total[row]` (LANES,) the weights of entries from `start` to before `stop`, shifted left by `shift`.

    Every trial hears those entries whose `bits[base + source]` have its bit set. `together` is one of TOGETHER and
    divides the number of entries; the sums fit 16 bits, those of `together` entries 8, and there are at most 256
    times as many entries.
    """
    signature = types.void(source, weight, start, stop, together, bits, base, shift, total, row)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        def first(place: int) -> Any:
            return context.make_array(signature.args[place])(context, builder, arguments[place]).data

        start, stop, together = arguments[2:5]
        entries = _Entries(builder, first(0), first(1), builder.gep(first(5), [arguments[6]]))
        whole, upper = (cgutils.alloca_once_value(builder, _all(WORDS, 0)) for _ in range(2))
        bias = cgutils.alloca_once_value(builder, ir.Constant(start.type, 0))  # of all groups
        for size in TOGETHER:
            with builder.if_then(builder.icmp_signed("==", together, ir.Constant(together.type, size))):
                step = ir.Constant(start.type, size)
                with cgutils.for_range_slice(builder, start, stop, step) as (entry, _):
                    group = builder.bitcast(entries.summed(entry, size), WORDS)
                    builder.store(builder.add(builder.load(whole), group), whole)
                    builder.store(builder.add(builder.load(upper), builder.ashr(group, _all(WORDS, 8))), upper)
                groups = builder.sdiv(builder.sub(stop, start), step)
                builder.store(builder.mul(groups, ir.Constant(start.type, BIAS)), bias)
        sums = _sums(builder, *(builder.load(place) for place in (whole, upper, bias)))
        place = builder.gep(builder.bitcast(first(8), SUMS.as_pointer()), [arguments[9]])
        left = _everywhere(builder, builder.trunc(arguments[7], SUMS.element), SUMS)
        before = builder.load(place)
        after = builder.store(builder.add(before, builder.shl(sums, left)), place)
        before.align = after.align = 4
        return context.get_dummy_value()

    return signature, generate


add_masked: Any = _add_masked  # which takes its arguments without `context` where compiled code calls it


def _sums(builder: Any, whole: Any, upper: Any, bias: Any) -> Any:
    """The sums of all trials, from those of words, of their upper bytes, and of the even trials' bias."""
    lost = _everywhere(builder, builder.trunc(bias, WORDS.element), WORDS)
    below = builder.add(builder.shl(upper, _all(WORDS, 8)), lost)
    order = [part * LANES // 2 + k for k in range(LANES // 2) for part in range(2)]
    position = ir.VectorType(ir.IntType(32), LANES)
    both = builder.shuffle_vector(builder.sub(whole, below), upper, ir.Constant(position, order))
    return builder.sext(both, SUMS)


class _Entries:
    """The arrays of entries, as the code is made that reads them."""

    def __init__(self, builder: Any, source: Any, weight: Any, bits: Any) -> None:
        self.builder, self.source, self.weight, self.bits = builder, source, weight, bits

    def summed(self, entry: Any, size: int) -> Any:
        """The bytes of `size` entries, for each trial, the even ones from 128 on."""
        builder = self.builder
        total = ir.Constant(BYTES, [-BIAS, 0] * (LANES // 2))
        for k in range(size):
            at = builder.add(entry, ir.Constant(entry.type, k))
            sender = builder.zext(builder.load(builder.gep(self.source, [at])), ir.IntType(64))
            mask = builder.bitcast(builder.load(builder.gep(self.bits, [sender])), BITS)
            value = builder.load(builder.gep(self.weight, [at]))
            total = builder.add(total, builder.select(mask, _everywhere(builder, value, BYTES), _all(BYTES, 0)))
        return total


def _everywhere(builder: Any, value: Any, vector: Any) -> Any:
    """The same value in all elements."""
    nothing, position = ir.Constant(vector, ir.Undefined), ir.IntType(32)
    one = builder.insert_element(nothing, value, ir.Constant(position, 0))
    return builder.shuffle_vector(one, nothing, _all(ir.VectorType(position, vector.count), 0))


def _all(vector: Any, value: int) -> Any:
    return ir.Constant(vector, [value] * vector.count)
