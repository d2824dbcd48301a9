"""Who is here without an LMS: the cookies of people who sign in, and `@signed_in` for their pages.

Both cookies are first-party, out of reach for scripts, and on https such as only this very host can
set (`__Host-`). `visitor` is there before signing in and binds the sign-in forms to the browser;
`account` holds the secret of a session, which is made anew by every signing in.
"""

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import wraps
from typing import Concatenate, ParamSpec

from flask import Response, g, make_response, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from lti_tool import clock
from lti_tool.errors import Forbidden
from lti_tool.models import Account, AccountSession
from lti_tool.services.staff import accounts, sign_in
from lti_tool.services.staff.accounts import Access
from lti_tool.services.staff.passkeys import RelyingParty
from lti_tool.web.context import current_tool
from lti_tool.web.http import security
from lti_tool.web.http.security import ADMIN_BLUEPRINT, SIGN_IN_BLUEPRINT
from lti_tool.web.launch_session import Afterwards

P = ParamSpec("P")

# A page of ours to go on to after signing in: a path, so it cannot lead anywhere else.
_OWN_PAGE = re.compile(r"/admin(?:/[A-Za-z0-9_-]+)*")


class For(StrEnum):
    """Whom a page is for. `ADMINISTRATORS`: of any organisation, and operators. `QUALITY`: they and
    the reviewers."""

    ANYBODY = "anybody"
    ADMINISTRATORS = "administrators"
    REVIEWERS = "reviewers"
    ASSESSORS = "assessors"
    QUALITY = "quality"
    OPERATORS = "operators"


@dataclass(frozen=True, slots=True)
class AccountVisit:
    """One request of somebody signed in: transaction, session, rights, and the time."""

    db: Session
    session: AccountSession
    access: Access
    now: datetime

    @property
    def account(self) -> Account:
        return self.session.account

    @property
    def actor(self) -> str:
        return accounts.actor(self.account)

    @property
    def csrf_token(self) -> str:
        return security.own_csrf_token(ADMIN_BLUEPRINT, security.own_secret(ADMIN_BLUEPRINT))

    @property
    def is_fresh(self) -> bool:
        """Whether the person signed in so recently that nobody else sits there now."""
        return self.now - self.session.created_at < sign_in.FRESH


@dataclass(frozen=True, slots=True)
class Stranger:
    """Somebody who has not signed in; `secret` binds the forms of a blueprint to this browser."""

    secret: str
    blueprint: str = SIGN_IN_BLUEPRINT

    @classmethod
    def here(cls, blueprint: str = SIGN_IN_BLUEPRINT) -> "Stranger":
        return cls(security.own_secret(blueprint) or secrets.token_urlsafe(32), blueprint)

    @property
    def csrf_token(self) -> str:
        return security.own_csrf_token(self.blueprint, self.secret)

    def keep(self, response: Response) -> Response:
        return _set(response, self.blueprint, self.secret)


def relying_party() -> RelyingParty:
    """Return this server as passkeys know it."""
    settings = current_tool().settings
    return RelyingParty(settings.public_url, settings.secret_key)


def own_page(path: str) -> str | None:
    """Return `path` if it is a page of ours to go on to, else None."""
    return path if _OWN_PAGE.fullmatch(path) else None


def carry(response: Response, secret: str) -> Response:
    """Let the browser carry the secret of a new session; that of the sign-in forms is over."""
    forget(response, SIGN_IN_BLUEPRINT)
    return _set(response, ADMIN_BLUEPRINT, secret)


def _set(response: Response, blueprint: str, secret: str) -> Response:
    name = security.cookie_name(blueprint)
    is_secure = name.startswith("__Host-")
    response.set_cookie(name, secret, path="/", secure=is_secure, httponly=True, samesite="Lax")
    return response


def forget(response: Response, blueprint: str) -> Response:
    name = security.cookie_name(blueprint)
    is_secure = name.startswith("__Host-")
    response.delete_cookie(name, path="/", secure=is_secure, httponly=True, samesite="Lax")
    return response


def is_signed_in() -> bool:
    """Whether the browser has a session that is not over."""
    secret = security.own_secret(ADMIN_BLUEPRINT)
    with current_tool().database.transaction(read_only=True) as db:
        return bool(secret) and sign_in.find_session(db, secret, clock.now()) is not None


def signed_in(
    who: For = For.ANYBODY, *, writes: bool = False, fresh: bool = False
) -> Callable[
    [Callable[Concatenate[AccountVisit, P], ResponseReturnValue | Afterwards]],
    Callable[P, ResponseReturnValue],
]:
    """Give a view its `AccountVisit`; the transaction ends when the view returns.

    `who`: others are refused. `writes`: the view changes something. `fresh`: who signed in a while
    ago does so again first; for what cannot be undone.
    """

    def decorate(
        view: Callable[Concatenate[AccountVisit, P], ResponseReturnValue | Afterwards],
    ) -> Callable[P, ResponseReturnValue]:
        @wraps(view)
        def visit(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
            now, secret = clock.now(), security.own_secret(ADMIN_BLUEPRINT)
            database = current_tool().database
            with database.transaction(read_only=not writes) as db:
                session = sign_in.find_session(db, secret, now) if secret else None
                if session is None:
                    return _to_sign_in("signed_out")
                g.account_locale = session.account.locale
                g.time_zone = session.account.time_zone
                g.account_visit = here = AccountVisit(db, session, Access.of(session.account), now)
                _check_role(here, who)
                if fresh and not here.is_fresh:
                    return _to_sign_in("sign_in_again")
                is_seen = now - session.seen_at < sign_in.SEEN_EVERY
                session_id = session.id
                answer = view(here, *args, **kwargs)
                if not isinstance(answer, Afterwards):
                    response = make_response(answer)
            if not is_seen:
                with database.transaction() as db:
                    sign_in.touch(db, session_id, now)
            if isinstance(answer, Afterwards):
                response = make_response(answer.work())
            response.cache_control.no_store = True
            return response

        return visit

    return decorate


def _check_role(visit: AccountVisit, who: For) -> None:
    if who is For.OPERATORS and not visit.access.is_operator:
        raise Forbidden("operators_only")
    if who is For.ADMINISTRATORS and not visit.access.is_administrator:
        raise Forbidden("administrators_only")
    reviews = bool(visit.access.reviews)
    if who is For.REVIEWERS and not reviews:
        raise Forbidden("reviewers_only")
    if who is For.ASSESSORS and not visit.access.assesses:
        raise Forbidden("assessors_only")
    if who is For.QUALITY and not (reviews or visit.access.is_administrator):
        raise Forbidden("reviewers_only")


def _to_sign_in(why: str) -> Response:
    """Send a reader to the sign-in page and back; a form that was sent is refused instead."""
    if request.method not in security.SAFE_METHODS:
        raise Forbidden(why)
    response = make_response(
        redirect(url_for("sign_in.page", next=own_page(request.path), why=why), 303)
    )
    response.cache_control.no_store = True
    return response
