"""Formats numbers for readers: shares as percent, energies with the prefix that fits, counts with separators."""

from collections.abc import Sequence

from neurocmc.ir.headroom import Headroom
from neurocmc.ir.spiking import SpikingPopulation
from neurocmc.report.budget import Budget, ChipUse
from neurocmc.verification.edges import Edge

SHARES = ("of range", "of trials", "of ceiling", "of x*", "relative")  # units of edges that are fractions
FLOAT_ROUNDING = 1e-12
_PREFIXES = ((1e12, "J"), (1e9, "mJ"), (1e6, "µJ"), (1e3, "nJ"), (1.0, "pJ"))


MOST_ROWS = 256  # of a table that people read; files hold all


def worst_fits(populations: Sequence[SpikingPopulation]) -> Sequence[SpikingPopulation]:
    """Returns the populations of a table of gain fits: all in their order, or of very many those that fit worst."""
    if len(populations) <= MOST_ROWS:
        return populations
    return sorted(populations, key=lambda population: -population.fit.max_error)[:MOST_ROWS]


def least_headroom(entries: Sequence[Headroom]) -> Sequence[Headroom]:
    """Returns the rows of a table of headroom: all in their order, or of very many those with least."""
    if len(entries) <= MOST_ROWS:
        return entries
    return sorted(entries, key=lambda entry: (entry.proved != "no", -entry.current.share))[:MOST_ROWS]


def some(names: Sequence[str]) -> str:
    """Joins the names of what stands on a core; of very many the first."""
    more = len(names) - 16
    return ", ".join(names) if more <= 0 else f"{', '.join(names[:16])} and {more:,} more"


def percent(share: float) -> str:
    """Formats a fraction as percent, to three significant digits; what is only the rounding of floats is 0."""
    return f"{100 * share if abs(share) > FLOAT_ROUNDING else 0:.3g} %"


def signed_percent(share: float) -> str:
    """Formats a fraction as percent with its sign, to two significant digits."""
    return f"{100 * share:+.2g} %"


def span(bounds: tuple[float, float]) -> str:
    """Formats a range of numbers."""
    return f"{bounds[0]:.3g}..{bounds[1]:.3g}"


def whole_span(low: int, high: int) -> str:
    """Formats a range of whole numbers, or the one that it is."""
    return f"{low:,}" if low == high else f"{low:,}..{high:,}"


def amount(value: float | None, unit: str) -> str:
    """Formats a value with its unit, shares as percent; a dash where there is no value."""
    if value is None:
        return "–"
    if unit in SHARES:
        return f"{percent(value)} {unit}" if unit != "relative" else percent(value)
    return f"{value:.3g} {unit}".strip()


def limit_text(edge: Edge) -> str:
    """Formats the limit of an edge with its direction, or a dash."""
    if edge.limit is None:
        return "–"
    value = percent(edge.limit) if edge.unit in SHARES else f"{edge.limit:.3g}"
    return f"{'≤' if edge.better == 'low' else '≥'} {value}"


def verdict(edge: Edge) -> str:
    """Says what an edge came to; a miss of theory is a warning."""
    return "warns" if edge.verdict == "miss" and edge.group == "theory" else edge.verdict


def interval(edge: Edge) -> str:
    """Formats the 95 % interval of a share, or nothing."""
    if edge.interval is None:
        return ""
    low, high = edge.interval
    return f"95 % interval {100 * low:.3g} to {100 * high:.3g} %"


def energy(value_pj: float | None) -> str:
    """Formats an energy given in pJ, with the prefix that fits; "not published" where there is none."""
    if value_pj is None:
        return "not published"
    for size, unit in _PREFIXES:
        if value_pj >= size:
            return f"{value_pj / size:.3g} {unit}"
    return f"{value_pj:.3g} pJ"


def count(value: float | None) -> str:
    """Formats a number of operations or things: whole with separators, else to three digits; a dash where unknown."""
    if value is None:
        return "–"
    if value == int(value) or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def resource(name: str) -> str:
    """Says the field name of a resource in words."""
    return {
        "in_axons": "in-axons",
        "out_axons": "out-axons",
        "synapse_bits": "synapse memory [bit]",
        "crossbar_bits": "crossbar [set bits]",
        "synapses_as_simulated": "synapses as simulated (neuron to pool)",
    }.get(name, name.replace("_", " "))


def cores(budget: Budget) -> str:
    """Says how many cores are used, beside the chip's and the lower bound; of a target without cores, nothing."""
    if budget.cores_used is None or budget.cores_per_chip is None:
        return ""
    there = budget.cores_per_chip * (budget.chips.chips if budget.chips else 1)
    share = 100 * budget.cores_used / there
    return (
        f"cores used: {budget.cores_used:,} of {there:,} ({share:.3g} %); "
        f"no placement can use fewer than {budget.cores_lower_bound:,}{_bounds(budget)}{_chips(budget.chips)}"
    )


def _chips(chips: ChipUse | None) -> str:
    """Says on how many chips cores are and, where the circuit was run, what goes between them."""
    if chips is None:
        return ""
    boards = f", {chips.boards_used:,} of {chips.boards:,} boards" if chips.boards > 1 else ""
    told = f"; on {chips.chips_used:,} of {chips.chips:,} chips{boards}"
    if not chips.messages_per_tick or chips.hops_per_tick is None:
        return told
    crossing = 100 * (chips.between_chips_per_tick or 0.0) / chips.messages_per_tick
    hops = chips.hops_per_tick / chips.messages_per_tick
    return f"{told}; {crossing:.3g} % of the messages between cores leave their chip, {hops:.3g} hops per message"


def _bounds(budget: Budget) -> str:
    """What each resource that needs several cores needs, the largest first."""
    several = sorted((bound for bound in budget.lower_bounds if bound.cores > 1), key=lambda bound: -bound.cores)
    named = [f"{bound.cores:,} by {resource(bound.resource).removesuffix(' [bit]')}" for bound in several]
    return f" ({', '.join(named)})" if len(named) > 1 else ""


def proved(headroom: Headroom) -> str:
    """Says for which drives nothing overflows in a population."""
    return {"any input": "any input", "calibrated input": "drives as calibrated", "no": "not proved"}[headroom.proved]


def bits(headroom: Headroom) -> str:
    """Formats the bits left in the register that comes closest to its limit."""
    name, register = headroom.worst
    return f"{register.headroom_bits:+.2f} ({name})" if register.share else "idle"


def overflow(budget: Budget) -> str:
    """Sums up the headroom of all populations in a sentence; of a target without registers, nothing."""
    if not budget.headroom:
        return ""
    beyond = [entry for entry in budget.headroom if entry.proved == "no"]
    if beyond:
        named = "; ".join(
            f"{entry.population}, {100 * register.share:.0f} % of the {name}"
            + (f", most of it from {entry.largest_source}" if entry.largest_source else "")
            for entry in beyond
            for name, register in [entry.worst]
        )
        return (
            f"not proved for {len(beyond)} of {len(budget.headroom)} populations ({named}): if all their excitatory "
            "inputs fired together, a register would overflow; only the calibration stimuli bound them, and "
            "the emulator "
            "stops with an error if a current wraps around"
        )
    if all(entry.proved == "any input" for entry in budget.headroom):
        return "proved: no register overflows, whatever the host sends"
    return "proved: no register overflows at drives within the range of the calibration stimuli"


def potentials(budget: Budget) -> tuple[str, ...]:
    """Sums up the worst cases of all potentials, and what was seen, a line each; without them nothing."""
    if not budget.potentials:
        return ()
    beyond = [entry for entry in budget.potentials if entry.beyond]
    if not beyond:
        proved = "proved: no potential leaves its register, whatever the host sends"
    else:
        count, total = sum(entry.beyond for entry in beyond), sum(entry.neurons for entry in budget.potentials)
        named = ", ".join(dict.fromkeys(entry.population for entry in beyond))
        proved = (
            f"not proved for {count:,} of {total:,} neurons (of {named}): if all axons that excite a neuron, or all "
            "that inhibit it, carried a spike in every tick, V would grow until its register clips it"
        )
    if budget.saturations is None:
        return (proved,)
    seen = f"V was clipped {budget.saturations:,} times" if budget.saturations else "V was never clipped"
    return (proved, f"in the run that measured the load, {seen}")
