"""What several tests make, run or wait for."""
