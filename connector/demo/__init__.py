"""The demo: a month in the life of a believable company, played by the service's own jobs on a simulated clock."""
