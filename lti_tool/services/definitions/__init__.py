"""Definitions of micro-credentials: written, reviewed, published, found, adopted, versioned."""
