"""What `tokmon eval` finds out about trained weights, and whether it can be believed.

Reads runs, checkpoints and corpora; writes nothing into any of them.
"""
