"""The service: store, sync, jobs, scheduler and command line."""
