"""What a WSGI server loads: `gunicorn --config python:config.gunicorn wsgi:app`.

Logging is set up here as well, for servers that do not read `config.gunicorn`: the defaults of
its library print the local variables of a failure, and these hold names.
"""

import config
from config import logging
from lti_tool import create_app

settings = config.load()
logging.configure(settings)
app = create_app(settings)
