"""The interpreters of the Loihi family, exact to the bit: compiled networks, hand-made ones, and faulty chips."""
