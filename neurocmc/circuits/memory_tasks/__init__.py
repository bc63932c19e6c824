"""Working memory trained by gradient: delayed match to sample, and integration of the stream that a cue named."""
