"""One screen a file; a screen owns its keys."""
