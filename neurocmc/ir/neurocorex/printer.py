"""Formats a program of NeuroCoreX as text: populations with their neurons, channels, and every weight by target."""

import numpy as np

from neurocmc.ir.neurocorex.program import NO_CHANNEL, ROLES, BoardProgram
from neurocmc.ir.neurocorex.registers import FIRST_COLUMN, FIRST_PLACE, FIRST_ROW, NEURONS, ONE


def print_board(program: BoardProgram) -> str:
    """Returns the whole program as text."""
    registers = program.registers
    lines = [
        f"board {program.name} for {program.target}: {program.mode}, tick {program.tick_s:g} s",
        f"leak {registers.leak}, amplitude {registers.amplitude}",
    ]
    for population in program.populations:
        places = " ".join(map(str, population.neuron.tolist()))
        lines.append(
            f"population {population.name}: {population.size} neurons, {population.depth_ticks} late: {places}"
        )
    lines.append(f"relays: {' '.join(map(str, program.relays.tolist())) or 'none'}")
    if program.pacemaker >= 0:
        lines.append(f"pacemaker {program.pacemaker}, companion {program.companion}")
    sent = program.columns
    for place, channel, delay, column in zip(sent.input, sent.channel, sent.delay_ticks, sent.column, strict=True):
        lines.append(f"column {column}: {program.inputs[place].name}[{channel}], {delay} ticks later")
    lines += [f"column {column}: {role}" for role in ROLES if (column := getattr(program, role)) != NO_CHANNEL]
    for neuron in range(NEURONS):
        row, place = FIRST_ROW + neuron, FIRST_PLACE + neuron
        own, others = registers.feed_forward[row], registers.all_to_all[row]
        if not own.any() and not others.any():
            continue
        from_inputs = " ".join(f"c{column}:{own[column]:+d}" for column in np.flatnonzero(own))
        from_others = " ".join(f"n{column - FIRST_COLUMN}:{others[column]:+d}" for column in np.flatnonzero(others))
        at = registers.threshold[place] / ONE
        lines.append(f"neuron {neuron}: threshold {at:.10g}; {from_inputs or '-'}; {from_others or '-'}")
    return "\n".join(lines) + "\n"
