"""Where documents come from: one module a kind, all behind `base.Reader`."""
