"""Steps a second of Loihi emulators on the same networks: neurocmc's, Lava's, nengo-loihi's and brian2-loihi's."""
