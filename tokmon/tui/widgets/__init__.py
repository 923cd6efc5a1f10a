"""One widget a file. Data comes in by attribute, messages go up; no files, no clock."""
