"""Use cases as functions: database session first, `flush` and never `commit`, time passed in."""
