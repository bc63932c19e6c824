"""What leaves neurocmc: programs that run without it, one package for each target."""
