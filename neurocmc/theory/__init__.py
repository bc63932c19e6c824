"""Says what holds of a circuit's states without running it, and certifies what rounding keeps.

linear_threshold  turns a rate circuit into the network that theory knows
fixed_points      solves for its states
permitted         says which units may be active together
basin             computes how far a state may be pushed
swta              has closed forms of soft winner-take-alls and state machines
realised          builds the circuit that a chip's numbers are
feedback          says by how much thresholds move with rounded feedback
loihi             computes what Loihi's integers kept
truenorth         computes what neurosynaptic cores kept
certificate       holds trained and rounded circuit against each other
wording           puts a certificate into words
"""
