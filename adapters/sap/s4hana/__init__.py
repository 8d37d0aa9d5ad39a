"""SAP S/4HANA as a ledger: ledger.py is where to start."""
