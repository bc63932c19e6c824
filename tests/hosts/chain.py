"""A short circuit that theory says nothing of, for scripts that care where they run and not what."""

CIRCUIT = """
name: chain
dt_ms: 1
form: filter-after
populations:
  a: {size: 2, tau_ms: 20, transfer: relu}
  b: {size: 1, tau_ms: 20, transfer: relu}
projections:
  - {from: a, to: b, weight: 0.5}
inputs:
  drive: {to: a}
stimuli:
  s: {duration_s: 0.3, steps: [{at_s: 0.05, drive: [0.8, 0.4]}]}
"""
