"""Puts the dashboard together."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from dashboard.faults import Faults
from dashboard.rendering import Pages
from dashboard.routes import routes
from dashboard.security import AllowedHosts, Shield

if TYPE_CHECKING:
    from harness.ports import Store

STATIC = Path(__file__).parent / "static"


def create_app(store: Store, *, title: str = "Shadow Harness", hosts: AllowedHosts | None = None) -> FastAPI:
    """The dashboard over a store, read only. `title` stands on every page; `hosts` are the names it answers to, else the loopback's only."""
    app = FastAPI(title=title, docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    pages = Pages(title)
    faults = Faults(pages)
    faults.install(app)
    app.include_router(routes(store, pages))
    app.mount("/static", StaticFiles(directory=STATIC))
    app.add_middleware(Shield, hosts=hosts or AllowedHosts(), faults=faults)
    return app
