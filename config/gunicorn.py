"""The web server: `gunicorn --config python:config.gunicorn wsgi:app`.

Every name below is a gunicorn setting. The application is loaded in each process and not before
the fork, because neither threads (the embedded worker) nor database connections survive it.
"""

from gunicorn import glogging  # type: ignore[import-untyped]

from config import SettingsError, load, logging

try:
    settings = load()
except SettingsError as error:
    raise SystemExit(str(error)) from error
logging.configure(settings)


class Logger(glogging.Logger):  # type: ignore[misc]
    """Hands gunicorn's own lines to our logging, which masks them; writes no access log."""

    def setup(self, cfg: object) -> None:
        super().setup(cfg)
        self.error_log.handlers = []
        self.error_log.propagate = True
        self.access_log.handlers = []
        self.access_log.disabled = True  # its lines hold query strings, so state and hints


bind = settings.bind
worker_class = "gthread"
workers = settings.web_processes
threads = settings.web_threads
preload_app = False

timeout = 60  # seconds without a sign of life until a process is replaced
graceful_timeout = 30  # seconds for requests, and a delivery, to finish at a stop
keepalive = 5  # seconds
limit_request_line = 8190  # bytes, gunicorn's largest: some LMSs send long hints
limit_request_fields = 64
max_requests = 0  # a process lives as long as its embedded worker

logger_class = Logger
accesslog = None
errorlog = "-"
control_socket_disable = True

# The application itself evaluates as many X-Forwarded-* values as TRUSTED_PROXIES says.
forwarded_allow_ips = ""
secure_scheme_headers: dict[str, str] = {}
forwarder_headers = ""
