"""Tests in a real browser: Debian's Chromium, clicked, tapped and typed at through Playwright."""
