"""Keeps the C library from giving memory back to the system that the next step asks for again."""

import ctypes
import sys

_M_TRIM_THRESHOLD = -1
_M_MMAP_THRESHOLD = -3
_LARGEST_BLOCK_BYTES = 2**30
_NEVER = 2**31 - 1


def keep_freed_memory() -> None:
    """Let freed blocks below a gigabyte stay with the process, where the C library is glibc's.

    By default it maps every block over 32 MB anew, and the system clears each page at its first
    touch; bench/step_profile.py measures what that costs. Elsewhere: nothing.
    """
    if not sys.platform.startswith("linux"):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, _LARGEST_BLOCK_BYTES)
        mallopt(_M_TRIM_THRESHOLD, _NEVER)
