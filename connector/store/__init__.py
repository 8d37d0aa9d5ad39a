"""The store: SQLAlchemy Core on SQLite or PostgreSQL, one module per noun."""
