"""The program: `duecourse`, or `python -m connector`. Loads the command line without what it does not need."""

import gc
import sys


def main() -> None:
    """Runs the command line. Ends the process."""
    gc.disable()  # what is loaded stays: searching it for garbage would be a tenth of a short command
    # structlog and httpx load rich wherever it is, for tracebacks and a program of their own that nobody asks for here;
    # both do without it. Afterwards it can be loaded again, to draw a table.
    sys.modules["rich"] = None  # type: ignore[assignment]  # how Python says that there is no such module
    try:
        from connector.cli import main as run
    finally:
        del sys.modules["rich"]
    gc.freeze()
    gc.enable()
    run()


if __name__ == "__main__":
    main()
