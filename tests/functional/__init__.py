"""Tests of the whole application over HTTP."""
