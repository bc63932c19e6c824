"""Real frameworks of spiking networks as test partners: their drivers, and what they trained and recorded."""
