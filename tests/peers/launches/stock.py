"""A tool as PyLTI1p3's own documentation makes one with Flask, to be measured beside Credlet.

Where the documentation leaves a choice, it is made in the tool's favour: launch data lie in the
process's memory, and the configuration is read once and not at each request.
`STOCK_CACHES_KEYS=1` turns on the library's caching of the platform's key set.
"""

import json
import os

from flask import Flask
from flask_caching import Cache
from pylti1p3.contrib.flask import (
    FlaskCacheDataStorage,
    FlaskMessageLaunch,
    FlaskOIDCLogin,
    FlaskRequest,
)
from pylti1p3.tool_config import ToolConfDict

app = Flask(__name__)
app.config.update(SECRET_KEY=os.urandom(32), CACHE_TYPE="SimpleCache", CACHE_DEFAULT_TIMEOUT=600)
cache = Cache(app)
tool_conf = ToolConfDict(json.loads(os.environ["STOCK_PLATFORMS"]))
caches_keys = os.environ.get("STOCK_CACHES_KEYS") == "1"


@app.route("/login", methods=["GET", "POST"])
def login():
    request = FlaskRequest()
    storage = FlaskCacheDataStorage(cache)
    oidc_login = FlaskOIDCLogin(request, tool_conf, launch_data_storage=storage)
    return oidc_login.redirect(request.get_param("target_link_uri"))


@app.route("/launch", methods=["POST"])
def launch():
    storage = FlaskCacheDataStorage(cache)
    message = FlaskMessageLaunch(FlaskRequest(), tool_conf, launch_data_storage=storage)
    if caches_keys:
        message.set_public_key_caching(storage, cache_lifetime=7200)
    return f"Hello {message.get_launch_data()['sub']}"
