"""SAP as a ledger: S/4HANA and Business One, two dialects of OData."""
