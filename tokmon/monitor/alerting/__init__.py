"""The rules that an alert history is made by, one file per family. Pure."""
