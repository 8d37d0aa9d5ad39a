"""Ledgers: one vocabulary, one port, and the dialects that speak it."""
