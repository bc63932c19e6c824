"""Reads every table that prose may quote, as one dictionary from keys to measured numbers."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tests.made.tables import rows_of
from tests.prose.table import ROOT, STUDIES, read_table

BENCHMARKS, PUBLISHED = ROOT / "docs" / "benchmarks.md", ROOT / "docs" / "published-cmc.md"
REAL_TIME = 1000.0  # ticks a second
WITHOUT_LIMIT_S = 60.0  # an item held to the end of the run of tests/acceptance/endurance.py


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A measured number, and on what: every number that prose has beside it stands in `how`."""

    value: float
    how: str


def numbers() -> dict[str, Number]:
    """Key -> number, of all tables. Raises ValueError where two tables have the same key."""
    found: dict[str, Number] = {}
    sources = (
        *(
            _readme(),
            _truenorth(),
            _automata(),
            _endurance(),
            _distractors(),
            _benchmarks(),
            _emulators(),
            _published(),
        ),
        _frontier(),
    )
    for key, number in (entry for source in sources for entry in source):
        if key in found:
            raise ValueError(f"two tables have {key!r}")
        found[key] = number
    return found


def _readme() -> Iterator[tuple[str, Number]]:
    for row in read_table().values():
        yield row.key, Number(value=row.value, how=row.how)


def _truenorth() -> Iterator[tuple[str, Number]]:
    """`truenorth.CIRCUIT.QUANTITY.least` and `.most` over seeds (and sets of parameters), and how many there were."""
    groups: dict[str, list[float]] = defaultdict(list)
    stimuli: dict[str, str] = {}
    for row in _rows("truenorth.csv"):
        circuit = re.sub(r"^swta [\d. ]+$", "winner", row["circuit"])
        key = f"truenorth.{circuit}.{row['quantity']}"
        groups[key].append(float(row["value"]))
        stimuli[key] = TRUENORTH_STIMULI[circuit, row["stimulus"]]
    for key, values in groups.items():
        how = f"{stimuli[key]}, {len(values)} seeds or sets, N = 64"
        yield f"{key}.least", Number(value=min(values), how=how)
        yield f"{key}.most", Number(value=max(values), how=how)
        yield f"{key}.sum", Number(value=sum(values), how=how)
        yield f"{key}.runs", Number(value=len(values), how=how)


TRUENORTH_STIMULI = {  # as tests/acceptance/truenorth.py gives them
    ("winner", "one winner"): "4 units, 3 drives, 5 seeds of each of 2 sets of parameters",
    ("swta-digits", "digits-test"): "1,000 test digits, seeds 0 to 2",
    ("working-memory", "noisy-cue"): "10 noisy cues, 3 seeds: 30 trials, held for 10.6 s after the cue",
    ("working-memory", "silence"): "11 s",
    ("cmc-v1v3", "images-test"): "500 test digits, 24 populations",
}


def _automata() -> Iterator[tuple[str, Number]]:
    rows = [row for row in _rows("automata.csv") if row["machine"].startswith("random")]
    how = f"{len(rows)} random machines, loihi1 emulator, N = 64"
    columns = {name: [float(row[name]) for row in rows] for name in ("states", "alphabet", "symbols", "errors")}
    yield "automata.machines", Number(value=len(rows), how=how)
    yield "automata.states", Number(value=max(columns["states"]), how=how)
    yield "automata.alphabet", Number(value=max(columns["alphabet"]), how=how)
    yield "automata.symbols", Number(value=min(columns["symbols"]), how=how)
    yield "automata.errors", Number(value=sum(columns["errors"]), how=how)


def _endurance() -> Iterator[tuple[str, Number]]:
    rows = _rows("up-state.csv")
    how = f"loihi1 emulator, N = 64, {WITHOUT_LIMIT_S:g} s"
    yield "endurance.held", Number(value=min(float(row["held_s"]) for row in rows), how=how)
    yield "endurance.seeds", Number(value=len({row["seed"] for row in rows}), how=how)
    yield "endurance.lost", Number(value=sum(float(row["held_s"]) < WITHOUT_LIMIT_S for row in rows), how=how)


def _distractors() -> Iterator[tuple[str, Number]]:
    """Levels over the predicted one at which the emulator without noise first lost its item."""
    rows = [row for row in _rows("distractors.csv") if row["level"] == "emulator" and not row["seed"]]
    how = "loihi1 emulator, N = 64, without noise"
    over = [float(row["first_lost"]) - 1.0 for row in rows]
    pulses_s = [float(row["pulse_s"]) for row in rows]
    yield "distractors.over.least", Number(value=min(over), how=how)
    yield "distractors.over.most", Number(value=max(over), how=how)
    yield "distractors.pulse.least", Number(value=min(pulses_s), how=how)
    yield "distractors.pulse.most", Number(value=max(pulses_s), how=how)


def _benchmarks() -> Iterator[tuple[str, Number]]:
    """Neurosynaptic cores of regular neurons, as python -m tests.bench.page wrote them."""
    text = BENCHMARKS.read_text(encoding="utf-8").split("<!-- table: cores -->")[1]
    how = "regular neurons, 20 Hz, 128 synapses a neuron"
    for kind, cores, _, ticks_s, *_ in _cells(text.splitlines()):
        if kind == "regular":
            of_real_time = float(ticks_s.split()[0].replace(",", "")) / REAL_TIME
            yield f"cores.{cores}", Number(value=of_real_time, how=f"{cores} cores, {how}, one thread")
    (all_threads,) = re.findall(r"4,096 cores of regular neurons on all threads: (\d+) ", text)
    yield "cores.4,096.threads", Number(value=float(all_threads) / REAL_TIME, how=f"4,096 cores, {how}, 2 threads")


def _emulators() -> Iterator[tuple[str, Number]]:
    """`lava.NETWORK.one` and `.batch`: ours over Lava, of one trial and per trial of 64, in processor time."""
    text = BENCHMARKS.read_text(encoding="utf-8").split("<!-- table: lava-batch -->")[1].split("<!-- end")[0]
    for network, *_, one, batch, _, _ in list(_cells(text.splitlines()))[2:]:
        how = f"Lava 0.10.0, {network.replace('-', ' ')} %, 64 trials, processor time"
        for key, told in (("one", one), ("batch", batch)):
            yield f"lava.{network}.{key}", Number(value=float(told.split()[0].replace(",", "")), how=how)


def _published() -> Iterator[tuple[str, Number]]:
    """Least agreement of the models that were trained with the public code; they are not bundled."""
    rows = [row for row in _cells(PUBLISHED.read_text(encoding="utf-8").splitlines()) if row[1].endswith("%")]
    how = f"{len(rows)} models, N = 64 and 128, 1,000 test digits"
    yield "published.models", Number(value=len(rows), how=how)
    for neurons, column in ((64, 2), (128, 3)):
        least = min(float(row[column].removesuffix(" %")) for row in rows) / 100.0
        yield f"published.{neurons}.agreement", Number(value=least, how=how)


def _frontier() -> Iterator[tuple[str, Number]]:
    """`frontier.CIRCUIT.POINT.COLUMN` of every point of every code."""
    for row in _rows("frontier.csv"):
        how = f"{row['trials']} trials, loihi1 emulator, compiled with {row['options'] or 'nothing given'}"
        for column, value in row.items():
            if column not in ("circuit", "point", "code", "options", "refused") and value:
                yield f"frontier.{row['circuit']}.{row['point']}.{column}", Number(value=float(value), how=how)


def _rows(name: str) -> list[dict[str, str]]:
    return rows_of(STUDIES / name)


def _cells(lines: Iterable[str]) -> Iterator[list[str]]:
    """The cells of every row of a Markdown table with four columns or more."""
    for line in lines:
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if line.startswith("|") and len(cells) >= 4:
            yield cells
