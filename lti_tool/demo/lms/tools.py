"""Site administration: tools that registered themselves, activated and shown by hand."""

from urllib.parse import urlencode, urlsplit

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from . import registration, visits
from .records import Tool
from .visits import lms

bp = Blueprint("tools", __name__, url_prefix="/lms/tools")


@bp.before_request
def guard() -> None:
    visits.administrator()
    if request.method == "POST":
        visits.check_form()


@bp.context_processor
def shared() -> dict[str, object]:
    return {"lms_name": lms().config.name, "visit": visits.visit()}


@bp.get("")
def manage() -> str:
    """Every tool and its state; a field for the address of a new one."""
    return render_template("tools.html", tools=lms().tools(), problem="")


@bp.post("/add")
def add() -> str | Response | tuple[str, int]:
    """Show the tool's registration page in a frame; ask first where the tool may be known."""
    url = request.form.get("url", "").strip()
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        problem = "This is no address of a tool."
        return render_template("tools.html", tools=lms().tools(), problem=problem), 400
    known = [tool for tool in lms().tools() if tool.domain == parts.netloc]
    choice = request.form.get("choice", "" if known else "new")
    if not choice:
        return render_template("tools_known.html", known=known, url=url)
    return render_template("tools_add.html", frame=_registration_page(url, choice))


def _registration_page(url: str, choice: str) -> str:
    """Return the tool's page with our configuration and a token; `choice`: new, or a client id."""
    is_update = lms().tool(choice) is not None
    client_id = lms().reserve_client_id(choice if is_update else None)
    query = urlencode(
        {
            "openid_configuration": f"{lms().config.issuer}/lms/openid-configuration",
            "registration_token": registration.token_for(lms(), client_id, updates=is_update),
        }
    )
    return f"{url}{'&' if '?' in url else '?'}{query}"


@bp.post("/<client_id>/activate")
def activate(client_id: str) -> Response:
    lms().update_tool(_find(client_id).client_id, is_active=True)
    return redirect(url_for("tools.manage"), 303)


@bp.post("/<client_id>/show")
def show(client_id: str) -> Response:
    """Offer the tool to teachers in the activity chooser, or take it out."""
    tool = _find(client_id)
    lms().update_tool(tool.client_id, is_in_chooser=not tool.is_in_chooser)
    return redirect(url_for("tools.manage"), 303)


@bp.post("/<client_id>/delete")
def delete(client_id: str) -> Response:
    lms().remove_tool(_find(client_id).client_id)
    return redirect(url_for("tools.manage"), 303)


def _find(client_id: str) -> Tool:
    found = lms().tool(client_id)
    if found is None:
        abort(404)
    return found
