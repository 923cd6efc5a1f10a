"""Corpora: sources, documents, duplicates, split, tokens, and the folder that holds them.

Nothing here imports torch; only `sources.wheel` reaches beyond this machine, through pip.
"""
