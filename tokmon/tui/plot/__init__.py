"""Curves to characters: pure functions of arrays. Must not know widgets or colours."""
