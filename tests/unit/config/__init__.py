"""Tests of settings, logging and server configuration."""
