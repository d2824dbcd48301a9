"""Tests of the credential library."""
