"""The passes that only the Loihi family needs: rounding to its registers, and placement on its cores."""
