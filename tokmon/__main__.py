"""The `tokmon` command."""

from tokmon.cli import main

if __name__ == "__main__":
    main()
