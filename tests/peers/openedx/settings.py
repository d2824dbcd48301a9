# SPDX-License-Identifier: AGPL-3.0-or-later
"""Django settings: as much of an Open edX LMS as lti_consumer needs to be an LTI 1.3 platform.

Read from the environment: PLATFORM_URL (origin without a slash at the end, also the issuer) and
PLATFORM_STATE (an empty folder for the database). Both are set by serve.py.
"""

import os
import secrets
from pathlib import Path

LMS_ROOT_URL = os.environ["PLATFORM_URL"]
LTI_BASE = LTI_API_BASE = LMS_ROOT_URL
PLATFORM_NAME = "Open edX for the tests"
USAGE_ID_PATTERN = r"(?P<usage_id>[^/]+)"

SECRET_KEY = secrets.token_hex()
ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
ROOT_URLCONF = "urls"
USE_TZ = True
TIME_ZONE = "UTC"
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "config_models",
    "lti_consumer",
]
# The order matters: the request cache is emptied first, the tiered one looks at request.user.
MIDDLEWARE = [
    "edx_django_utils.cache.middleware.RequestCacheMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "edx_django_utils.cache.middleware.TieredCacheMiddleware",
]
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
# A launch under way is kept in this cache: hence one process.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": Path(os.environ["PLATFORM_STATE"]) / "platform.sqlite3",
        "ATOMIC_REQUESTS": True,  # as in the LMS: a score that cannot be published is not kept
        "OPTIONS": {"timeout": 20, "transaction_mode": "IMMEDIATE"},
    }
}
