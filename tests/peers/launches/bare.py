"""The least that a launch can cost here: two requests of Flask, one signature, some statements.

It proves and keeps nothing: a floor to read the other figures by. `BARE_STATEMENTS=2,7` asks the
database so often at a login and at a launch, each statement over plain psycopg, in one transaction
at the login and in two at the launch.
"""

import os
import secrets
from urllib.parse import urlencode

import jwt
import psycopg
from flask import Flask, Response, request

app = Flask(__name__)
database = psycopg.connect(os.environ["BARE_DATABASE"])
keys = jwt.PyJWKSet.from_json(os.environ["BARE_KEYS"])
at_login, at_launch = map(int, os.environ["BARE_STATEMENTS"].split(","))


def ask(times: int) -> None:
    with database.transaction():
        for number in range(times):
            database.execute("SELECT oid, relname FROM pg_class WHERE oid = %s", (1259 + number,))


@app.post("/login")
def login() -> Response:
    ask(at_login)
    asked = {"state": secrets.token_urlsafe(32), "nonce": secrets.token_urlsafe(32)}
    return Response(status=302, headers={"Location": f"/auth?{urlencode(asked)}"})


@app.post("/launch")
def launch() -> str:
    token = request.form["id_token"]
    ask(at_launch // 2)
    jwt.decode(token, keys.keys[0].key, ["RS256"], options={"verify_aud": False})
    ask(at_launch - at_launch // 2)
    return "Hello"
