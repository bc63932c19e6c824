"""Gathers what `inspect` tells of a cortical program: its table, its derived numbers, its margins, its latency."""

from collections.abc import Iterable

from neurocmc.frontends.automaton.circuit import Timing
from neurocmc.frontends.automaton.decision import Decision
from neurocmc.frontends.automaton.latch import Latch, Margin
from neurocmc.frontends.automaton.machine import Machine
from neurocmc.frontends.automaton.memory import Memory, limit

Facts = dict[str, str | float]


def machine_facts(family: str, machine: Machine, latch: Latch, times: Timing) -> Facts:
    """Returns states, transitions and outputs, then the latch and the times of a symbol."""
    facts: Facts = {
        "family": family,
        "states": f"{len(machine.states)}, start {machine.states[machine.start]}",
        "symbols": f"{len(machine.symbols)}: {' '.join(machine.symbols)}",
        "transition units": f"{len(machine.transitions)} for {machine.changes} entries that change the state",
    }
    if machine.unconditional:
        names = " ".join(machine.symbols[symbol] for symbol in machine.unconditional)
        facts["symbols without units"] = f"{names}: each leads to one state from every state, and drives x itself"
    for row, state in enumerate(machine.states):
        facts[f"in {state}"] = _row(machine, row)
    return (
        facts
        | _latch_facts(latch)
        | {
            "transition": f"w_state {latch.w_state:.4g}, w_symbol {latch.w_symbol:.4g}, T_t {latch.t_threshold:.4g}, "
            f"on x {latch.write:.4g}",
            "copy": f"w_x {latch.w_x:.4g}, w_gate {latch.w_gate:.4g}, T_c {latch.c_threshold:.4g}, "
            f"on y {latch.copy:.4g}",
            "latency of a symbol": f"{1e3 * times.write_s:g} ms until x has taken it, {1e3 * times.copy_s:g} ms "
            "after its end until y has followed",
            "a symbol": f"{1e3 * times.pulse_s:g} ms on, {1e3 * times.gap_s:g} ms off: "
            f"{1.0 / times.period_s:.3g} symbols a second",
        }
        | _margin_facts(latch.margins, latch.tolerance)
    )


def memory_facts(memory: Memory, latch: Latch) -> Facts:
    """Returns items, limit and margins of an item memory."""
    cue = Margin("a cue takes over", latch.takeover, latch.copy)
    held = "any number, each by itself" if memory.many else "one at a time"
    facts: Facts = {"family": "item memory", "items": " ".join(memory.items), "held": held}
    if not memory.many:
        facts["resists"] = f"cues to other items up to {limit(latch):.4g} of a full one, of any length"
    return facts | _latch_facts(latch) | {"cue": f"drive {latch.copy:.4g}"} | _margin_facts((*latch.margins[:3], cue))


def decision_facts(decision: Decision, latch: Latch) -> Facts:
    """Returns contexts, choices, the gate and its margins."""
    return (
        {
            "family": "context-dependent decision",
            "contexts": " ".join(decision.contexts),
            "choices": " ".join(decision.choices),
            "evidence": f"0 to 1; of the context held all above {decision.unheard:.3g} is heard, of others none",
        }
        | _latch_facts(latch)
        | {
            "gate": f"w_held {decision.w_held:.4g}, T_l {decision.listen_threshold:.4g}, on choice "
            f"{decision.drive(latch):.4g}"
        }
        | _margin_facts((*latch.margins[:3], *decision.margins(latch)))
    )


def _latch_facts(latch: Latch) -> Facts:
    return {
        "map": f"alpha {latch.alpha:.4g}, beta1 {latch.beta1:.4g}, beta2 {latch.beta2:.4g}, T {latch.threshold:.4g}, "
        f"T_I {latch.threshold_i:.4g}; x* 1, takeover drive {latch.takeover:.4g}"
    }


def _margin_facts(margins: Iterable[Margin], tolerance: float | None = None) -> Facts:
    found = tuple(margins)
    facts: Facts = {
        f"margin {index}": f"{entry.name}: {entry.lesser:.4g} < {entry.greater:.4g} ({100 * entry.ratio:+.0f} %)"
        for index, entry in enumerate(found, start=1)
    }
    worst = min(found, key=lambda entry: entry.ratio)
    facts["worst margin"] = f"{100 * worst.ratio:.1f} %: {worst.name}"
    if tolerance is not None:
        facts["tolerance"] = (
            f"{100 * tolerance:.2f} %: all weights and thresholds off by that at once, at their worst"
        )
    return facts


def _row(machine: Machine, row: int) -> str:
    """`0 -> even, 1 -> odd / yes; output no`."""
    parts: list[str] = []
    for symbol, after in enumerate(machine.table[row].tolist()):
        told = ""
        if machine.mealy is not None and machine.mealy[row, symbol] >= 0:
            told = f" / {machine.outputs[machine.mealy[row, symbol]]}"
        parts.append(f"{machine.symbols[symbol]} -> {machine.states[after]}{told}")
    if machine.moore is not None and machine.moore[row] >= 0:
        parts.append(f"output {machine.outputs[machine.moore[row]]}")
    return ", ".join(parts)
