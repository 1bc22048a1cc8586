"""An application that gives up at its start, as ours does with a role that sees every row."""

raise SystemExit("This role sees every row.")
