"""Machines for tests: a Machine as the YAML that means it."""

from neurocmc.frontends.automaton.machine import Machine


def machine_yaml(machine: Machine, name: str = "machine", test: str = "{trials: 2, symbols: 5}") -> str:
    """The `automaton` document of a machine without outputs."""
    lines = [f"name: {name}", "automaton:"]
    lines += [f"  {field}: [{', '.join(getattr(machine, field))}]" for field in ("states", "symbols")]
    lines += [f"  start: {machine.states[machine.start]}", "  transitions:"]
    for state, row in zip(machine.states, machine.table.tolist(), strict=True):
        entries = [f"{symbol}: {machine.states[after]}" for symbol, after in zip(machine.symbols, row, strict=True)]
        lines.append(f"    {state}: {{{', '.join(entries)}}}")
    return "\n".join([*lines, f"test: {test}", ""])
