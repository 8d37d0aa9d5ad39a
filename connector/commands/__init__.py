"""The commands, one module per group. Start at connector/cli.py; what they share is in desk.py, output.py and find.py."""
