"""Puts a certificate into words: a line for each state, or for all that are alike, numbers beside their margins."""

from collections.abc import Iterator

from neurocmc.theory.certificate import Certificate
from neurocmc.theory.listing import BlockFacts, StateCertificate, StateFacts, UnsearchedBlock

SHOWN = 12  # states of a kind that are told one by one
SHOWN_BLOCKS = 4  # blocks that were not searched, and populations of one, that are told by name


def certificate_lines(certificate: Certificate, most: int = SHOWN) -> tuple[str, ...]:
    """Returns the lines of a certificate, heading first; of states of a kind `most` are told one by one."""
    return tuple(_lines(certificate, most))


def _lines(certificate: Certificate, most: int) -> Iterator[str]:
    if certificate.no_theory:
        yield f"certificate: no theory for this circuit: {certificate.no_theory}"
        return
    counted = certificate.counted
    yield from heading_lines(certificate)
    yield from _states(certificate.up_states, counted.up_states, most)
    if certificate.winners:
        yield _winners(certificate)
        yield from _states(certificate.winners, counted.winners, most)
    yield from _moved(certificate, most)


def grouped_lines(certificate: Certificate) -> tuple[str, ...]:
    """Returns the lines of a certificate with one for all states of the same populations; each lost one by name."""
    if certificate.no_theory:
        return certificate_lines(certificate)
    counted = certificate.counted
    lines = [*heading_lines(certificate), *_groups(certificate.up_states, counted.up_states)]
    if certificate.winners:
        lines += [_winners(certificate), *_groups(certificate.winners, counted.winners)]
    return (*lines, *_moved(certificate, SHOWN_BLOCKS))


def _winners(certificate: Certificate) -> str:
    counted = certificate.counted
    gone = counted.lost_winners
    told = f", {gone:,} lost by rounding" if gone else ", all survive rounding" if certificate.is_rounded else ""
    return f"winners: {counted.winners:,}, one input channel driven at a time{told}"


def _groups(states: tuple[StateCertificate, ...], count: int) -> Iterator[str]:
    """A line for the states whose active units are of the same populations, and one for each that is lost."""
    groups: dict[str, list[StateCertificate]] = {}
    for state in states:
        names = dict.fromkeys(unit.partition("[")[0] for unit in state.units)
        groups.setdefault(", ".join(names), []).append(state)
    for names, own in list(groups.items())[:SHOWN]:
        yield f"  {names}: {_kept(own)}"
        lost = [state for state in own if state.lost]
        for state in lost[:SHOWN_BLOCKS]:
            yield f"    lost: {state.name}: {state.lost}"
        if len(lost) > SHOWN_BLOCKS:
            yield f"    and {len(lost) - SHOWN_BLOCKS:,} more lost"
    if len(groups) > SHOWN:
        yield f"  and states of {len(groups) - SHOWN:,} other sets of populations"
    if count > len(states):
        yield f"  of {count:,} states, these {len(states):,} are listed"


def _kept(states: list[StateCertificate]) -> str:
    """How many of some states survive, and which is nearest to a threshold, as rounded where that is known."""
    held = [state for state in states if not state.lost]
    many = f"{len(states):,} state{'s' * (len(states) != 1)}"
    if states[0].rounded is not None or len(held) < len(states):
        many = f"{len(held):,} of {len(states):,} survive"
    if not held:
        return many
    nearest = min(held, key=lambda state: _last(state).slack)
    facts = _last(nearest)
    slack = f"smallest slack {max(facts.slack, 0.0):.4f} at {facts.slack_unit}"
    if nearest.rounded is not None:
        slack += f" ({max(nearest.trained.slack, 0.0):.4f} as trained)"
    least, most = (of(_last(state).activity for state in held) for of in (min, max))
    activity = f"{least:.4f}" if f"{least:.4f}" == f"{most:.4f}" else f"{least:.4f} to {most:.4f}"
    return (
        f"{many}; {slack}, activity {activity}, settle in {1e3 * max(_last(s).settle_s for s in held):.3g} ms at most"
    )


def _last(state: StateCertificate) -> StateFacts:
    """The state as rounded where it was, else as trained."""
    return state.trained if state.rounded is None else state.rounded


def _moved(certificate: Certificate, most: int) -> Iterator[str]:
    """Up-states that only the rounded circuit has, and what was rounded otherwise."""
    counted, blocks = certificate.counted, certificate.blocks
    if certificate.appeared:
        yield f"only after rounding: {', '.join(certificate.appeared[:most])}{_more(counted.appeared, most)}"
    for change in certificate.changes[: None if blocks is None else most]:
        yield f"rounded to keep its states: {change}"
    if blocks is not None and len(certificate.changes) > most:
        yield f"  and {len(certificate.changes) - most:,} more"


def heading_lines(certificate: Certificate) -> Iterator[str]:
    """Yields how many up-states there are, what became of them, and what is said of the blocks as a whole."""
    counted, blocks = certificate.counted, certificate.blocks
    count, lost = counted.up_states, counted.lost_up_states
    found = f"{count:,} up-state{'' if count == 1 else 's'} without drive" if count else "no up-state without drive"
    if blocks is not None:
        found += f" in {_searched(blocks)}"
    fate = f", {lost:,} lost by rounding" if lost else ", all survive rounding" if count else ""
    how = f" ({certificate.how})" if certificate.how else ""
    yield f"certificate: {found}{fate if certificate.is_rounded else ''}{how}"
    if blocks is not None:
        yield from _block_lines(blocks)


def _more(count: int, most: int) -> str:
    return f" and {count - most:,} more" if count > most else ""


def _searched(blocks: BlockFacts) -> str:
    searched = blocks.count - blocks.not_searched
    of = f" of {blocks.count:,}" if blocks.not_searched else ""
    return f"{searched:,}{of} connected block{'' if blocks.count == 1 else 's'}"


def _block_lines(blocks: BlockFacts) -> Iterator[str]:
    """What the blocks are together, and which of them nothing is said about."""
    if blocks.log10_combinations > 0:
        exact = blocks.log10_combinations < 6
        many = f"{round(10**blocks.log10_combinations):,}" if exact else f"10^{blocks.log10_combinations:.0f}"
        yield f"  blocks hold their states each by itself: {many} combinations of these and rest"
    for block in blocks.listed_not_searched[:SHOWN_BLOCKS]:
        yield f"  not searched: {unsearched(block, blocks.limit_units)}"
    if blocks.not_searched > SHOWN_BLOCKS:
        yield f"  not searched: {blocks.not_searched - SHOWN_BLOCKS:,} more such blocks"
    for told in blocks.listed_lost_rests[:SHOWN_BLOCKS]:
        yield f"  at rest as rounded: lost, {told}"
    if blocks.lost_rests > SHOWN_BLOCKS:
        yield f"  at rest as rounded: lost in {blocks.lost_rests - SHOWN_BLOCKS:,} more blocks"
    if blocks.not_driven:
        yield f"  {blocks.not_driven:,} channels are not driven to find winners: their blocks have too many units"
    for how in blocks.appeared_how:
        yield f"  up-states that only rounded blocks have: in some blocks {how}"


def unsearched(block: UnsearchedBlock, limit_units: int) -> str:
    """Says which block was not searched, and why."""
    names = ", ".join(block.populations[:SHOWN_BLOCKS])
    more = len(block.populations) - SHOWN_BLOCKS
    names += f" and {more:,} more populations" if more > 0 else ""
    return f"the block of {block.first} ({names}): {block.units:,} units, more than {limit_units:,}"


def _states(states: tuple[StateCertificate, ...], count: int, most: int) -> Iterator[str]:
    for state in states[:most]:
        driven = f" at {state.channel} = {state.drive:.4g}" if state.channel else ""
        yield f"  {state.name}{driven}: {_facts(state.trained)}"
        if state.rounded is not None:
            yield f"    as rounded: {_facts(state.rounded)}"
        if state.lost:
            yield f"    as rounded: lost, {state.lost}"
    if count > most:
        yield f"  and {count - most:,} more"


def _facts(facts: StateFacts) -> str:
    parts = [f"activity {facts.activity:.4f}"]
    if facts.ignition is not None:
        parts.append(f"ignites at {facts.ignition:.4f}")
    parts.append(f"slack {max(facts.slack, 0.0):.4f} at {facts.slack_unit}")
    parts.append(f"settles in {1e3 * facts.settle_s:.3g} ms")
    if facts.guaranteed_drop:
        parts.append(f"a drop of {100 * facts.guaranteed_drop:.3g} % surely regained")
    return ", ".join(parts)
