"""Logging in: a browser gives a token once and keeps it in a cookie that no script can read."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated
from urllib.parse import urlencode, urlsplit

from fastapi import Form, Request, Response
from fastapi.responses import RedirectResponse
from nicegui import app, ui

from service.dashboard.client import Api
from service.dashboard.faults import ApiAway, ApiRefused
from service.dashboard.frame import heading, words
from service.dashboard.session import COOKIE
from service.dashboard.site import Site, Visit

FAULTS = {
    "token": "This token is unknown or revoked.",
    "often": "The API had too many requests with this token or from here; try again in a minute.",
    "api": "The API does not answer; try again in a moment.",
}
KEPT_SECONDS = 30 * 86_400


def install(site: Site) -> None:
    """Adds the page and what its form is sent to."""

    @site.page("/login", "Log in")
    async def login(visit: Visit) -> None:
        heading("Log in")
        if fault := FAULTS.get(visit.query.get("fault", "")):
            ui.label(fault).classes("rs-notice").props("role=alert")
        with ui.element("form").props("method=post action=/login").classes("rs-card rs-form"):
            words("label", "Token").props("for=token")
            ui.element("input").props(
                "id=token name=token type=password required autocomplete=current-password autofocus"
            )
            ui.element("input").props("type=hidden name=next").props["value"] = _inside(visit.query.get("next", "/"))
            words("p", "The command")
            words("code", "rewardsmith token create NAME --scope run")
            words("p", "makes one. With scope read one may look, with run submit and steer as well.")
            words("button", "Log in").props("type=submit").classes("rs-button")

    @app.post("/login", include_in_schema=False)
    async def take(request: Request, token: Annotated[str, Form()], next: Annotated[str, Form()] = "/") -> Response:  # noqa: A002
        token = token.strip()
        if fault := await _fault_of(site.api(token)):
            return RedirectResponse(f"/login?{urlencode({'next': _inside(next), 'fault': fault})}", 303)
        answer = RedirectResponse(_inside(next), 303)
        secure = request.url.scheme == "https"
        answer.set_cookie(COOKIE, token, KEPT_SECONDS, httponly=True, secure=secure, samesite="strict")
        return answer

    @app.post("/logout", include_in_schema=False)
    async def forget() -> Response:
        answer = RedirectResponse("/login", 303)
        answer.delete_cookie(COOKIE)
        return answer


async def _fault_of(api: Api) -> str:
    """Which of the faults keeps who calls the API so from logging in; '' for none."""
    try:
        await api.runs({"limit": "1"})
    except ApiRefused as refused:
        return "often" if refused.status == HTTPStatus.TOO_MANY_REQUESTS else "token"
    except ValueError:  # a token that no header can hold is none
        return "token"
    except ApiAway:
        return "api"
    return ""


def _inside(target: str) -> str:
    """Where to go on, if that is a page of ours."""
    parts = urlsplit(target)
    inside = not parts.scheme and not parts.netloc and target.startswith("/") and not target.startswith(("//", "/\\"))
    return target if inside else "/"
