"""Theory: what can be said of a circuit's states without running it, and a certificate of what rounding keeps.

`linear_threshold` turns a rate circuit into the network the theory knows, `fixed_points` solves for its states,
`permitted` says which units may be active together, `basin` how far a state may be pushed, `swta` has the closed
forms of soft winner-take-alls and state machines, `realised` the circuit that a chip's integers are, and
`certificate` holds one against the other.
"""
