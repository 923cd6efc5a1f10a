"""The sections of a run's report: words and layout for what tokmon.monitor has found."""
