"""The bound desk: the account's desk of the open application, for services that are made by themselves inside it."""

from contextvars import ContextVar

from tidegate.application.desk import AccountDesk

BOUND_DESK: ContextVar[AccountDesk] = ContextVar("tidegate_bound_desk")
"""Bound by `open_application`: over one store there is one desk, or limits would be counted twice and apart."""
