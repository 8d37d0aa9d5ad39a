"""The commands, one module per group, as connector/cli.py lists them. They share desk.py, output.py and find.py."""
