"""Collections as merchants see them: routes, schemas, explanations."""
