"""Proofs: what makes a credential verifiable."""
