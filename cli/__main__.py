"""`python -m cli` is `dateline`."""

import signal

if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    # Ctrl-C while the program is being loaded ends it without a word, as there is nothing to tell.
    signal.signal(signal.SIGINT, signal.SIG_DFL)

from cli.main import main

if __name__ == "__main__":
    main()
