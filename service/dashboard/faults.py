"""What keeps the dashboard from showing what was asked for.

DashboardFault
├── ApiRefused      the API answered with a problem; `status` and what it said
│   └── LoggedOut   it wants a token, or another one
└── ApiAway         the API did not answer, or with something that this release cannot read
"""

from __future__ import annotations

from http import HTTPStatus


class DashboardFault(Exception):
    """The message is for people and is shown as text."""


class ApiRefused(DashboardFault):
    """The API answered with a problem; `fields` has what it said of each field of a request."""

    def __init__(self, status: int, detail: str, fields: dict[str, str]) -> None:
        self.status, self.fields = status, fields
        super().__init__(detail)

    @property
    def missing(self) -> bool:
        """Whether what was asked for is not there."""
        return self.status == HTTPStatus.NOT_FOUND

    @property
    def final(self) -> bool:
        """Whether to ask again would bring the same."""
        return self.status in (HTTPStatus.NOT_FOUND, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)


class LoggedOut(ApiRefused):
    """The API wants a token, or another one."""


class ApiAway(DashboardFault):
    """The API did not answer, or with something that this release cannot read."""
