"""The dashboard: pages over the store. It starts nothing and reads no bundle."""

from dashboard.app import create_app
from dashboard.serving import serve

__all__ = ["create_app", "serve"]
