"""A small hand-written circuit that tests change line by line."""

from pathlib import Path

from neurocmc.frontends.circuit_yaml import LoadedYaml, read_circuit_yaml

TEXT = """\
name: pair
dt_ms: 1
form: filter-after
populations:
  e: {size: 3, tau_ms: 20, threshold: 0.1}
  i: {size: 1, tau_ms: 10}
projections:
  - {from: e, to: i, weight: 0.5}
  - {from: i, to: e, weight: -1}
inputs:
  drive: {to: e}
readouts:
  winner: {population: e, kind: winner, labels: [a, b, c], window_ms: 100}
stimuli:
  pulse:
    duration_s: 1
    steps:
      - {at_s: 0.1, drive: [1, 2, 3]}
      - {at_s: 0.5, drive: 0}
"""


def read(tmp_path: Path, text: str) -> LoadedYaml:
    path = tmp_path / "circuit.yaml"
    path.write_text(text)
    return read_circuit_yaml(path)


def changed(*changes: tuple[str, str]) -> str:
    text = TEXT
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text
