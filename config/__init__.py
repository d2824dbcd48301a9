"""Settings, logging and the web server's configuration; imports nothing of the other packages."""

from config.settings import Settings, SettingsError, load

__all__ = ["Settings", "SettingsError", "load"]
