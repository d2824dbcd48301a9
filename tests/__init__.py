"""Tests of Credlet."""
