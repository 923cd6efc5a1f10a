"""What a run's files say, as pure state: no screen, no threads, the clock is passed in."""
