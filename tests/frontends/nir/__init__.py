"""Reading spiking networks from NIR files."""
