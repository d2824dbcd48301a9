"""LTI 1.3 Advantage: the tool's side of launches and services."""
