"""`python -m connector` is `duecourse`."""

from connector.cli import main

if __name__ == "__main__":
    main()
