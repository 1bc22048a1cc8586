"""HTTP as it reaches us: the server, limits, errors, the API document, served pages."""
