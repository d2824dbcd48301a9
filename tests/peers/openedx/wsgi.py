# SPDX-License-Identifier: AGPL-3.0-or-later
"""The platform as a WSGI application, for gunicorn."""

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
