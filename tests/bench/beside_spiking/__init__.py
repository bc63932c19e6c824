"""Moves the recurrent network that snnTorch trained on digits by other tools, and keeps what each makes of it."""
