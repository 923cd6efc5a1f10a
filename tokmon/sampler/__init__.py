"""Client of the sampling process. No torch, no textual."""
