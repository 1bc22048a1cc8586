"""What operators and probes read: liveness, readiness, metrics."""
