"""A company's books, a server that shows them in a ledger's dialect, and the faults it can be told to have."""
