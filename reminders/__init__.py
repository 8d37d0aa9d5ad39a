"""Collections: what to say, to whom, when, and the channels that say it. No ledger's dialect, no database."""
