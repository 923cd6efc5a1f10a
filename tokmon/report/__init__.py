"""What a RunState says, as text, JSON and documents. Must not read files."""
