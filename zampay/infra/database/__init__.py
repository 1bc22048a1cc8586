"""PostgreSQL: transactions, tenants kept apart, time-outs, errors by SQLSTATE."""
