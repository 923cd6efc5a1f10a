"""Readers of training logs, one a format. Each turns files into a RunState, a slice at a time."""
