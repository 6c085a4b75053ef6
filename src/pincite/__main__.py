"""The process of the command line: ``pincite`` and ``python -m pincite``."""

import os
import sys
from contextlib import suppress
from typing import NoReturn

from pincite.cli import main, print_error


def run() -> NoReturn:
    """Run the command and end the process at once.

    A question or an update may still be in a library's own code in some thread of ``chat``, and Python aborts when it
    ends such a thread with the process. Nothing is lost: what an update has embedded is kept, the next does the rest.
    """
    status = main()
    try:
        sys.stdout.flush()
    except BrokenPipeError:  # the reader of our output has seen enough
        status = status or 1
    except OSError as error:
        print_error(f"the output cannot be written: {error.strerror}")
        status = status or 1
    with suppress(OSError):
        sys.stderr.flush()
    os._exit(status)


if __name__ == "__main__":
    run()
