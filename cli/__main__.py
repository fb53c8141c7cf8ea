"""`python -m cli` is `dateline`."""

from cli.main import main

if __name__ == "__main__":
    main()
