"""One suite over all targets: small circuits of every kind, each compiled and judged, or refused by id."""
