"""Train small language models of code and watch any training run in the terminal."""
