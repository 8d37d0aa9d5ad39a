"""QuickBooks Online: the adapter, and a sandbox that speaks the same dialect."""
