"""The terminal screen. Reads runs through tokmon.monitor; never imports torch."""
