"""Redis: short locks and short-lived values, all of which may vanish."""
