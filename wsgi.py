"""What a WSGI server loads: `gunicorn --config python:config.gunicorn wsgi:app`."""

import config
from lti_tool import create_app

app = create_app(config.load())
