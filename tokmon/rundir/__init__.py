"""The run directory: the only thing that trainer and monitor share. No torch, no textual."""
