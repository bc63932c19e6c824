"""Says what holds of a circuit's states without running it, and certifies what rounding keeps.

linear_threshold  turns a rate circuit into the network that theory knows
blocks            cuts it into its connected blocks, and finds those that are the same
steps             steps networks
stack             solves states of networks of one shape side by side
settling          runs these until their states stand
active_sets       finds which guesses of active units may be states
search            searches all of their states
fixed_points      solves for the states of one network
permitted         says which units may be active together
basin             computes how far a state may be pushed
filter            solves what a filter rests in, a soft winner-take-all of all of its inputs
swta              has closed forms of soft winner-take-alls and state machines
realised          builds the circuit that a chip's numbers are
feedback          says by how much thresholds move with rounded feedback
loihi             computes what Loihi's integers kept
truenorth         computes what neurosynaptic cores kept
judged            judges all kinds of blocks, as trained and as rounded
listing           lists their states by name, with margins, and counts the others
certificate       holds trained and rounded circuit against each other
wording           puts a certificate into words
"""
