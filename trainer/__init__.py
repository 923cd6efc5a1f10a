"""The trainer: reads a config, builds a corpus, trains, and writes a run directory.

It knows `tokmon.rundir` and nothing else of tokmon; it never draws on the screen.
"""
