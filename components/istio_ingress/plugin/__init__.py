"""The components for programs in other languages: the package's schema, and the host that constructs them."""

from .host import COMPONENTS, serve

__all__ = ["COMPONENTS", "serve"]
