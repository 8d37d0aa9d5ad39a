"""SAP Business One as a ledger, through its Service Layer."""
