"""The command line: Ctrl-C is heard first, since importing the rest takes longer than a hand that thinks again."""

import os
import signal

_STOPPED = 130


def main() -> None:
    """Run the command line; stopped before it could begin, it says so."""
    signal.signal(signal.SIGINT, _nothing_begun)
    from evalkit.cli import main as command_line

    command_line()


def _nothing_begun(*_: object) -> None:
    """End at once: what an exception does while a library is being imported is up to that library."""
    os.write(2, b"\nStopped before anything was begun.\n")
    os._exit(_STOPPED)


if __name__ == "__main__":
    main()
