"""Secrets as tests read them."""

import base64


def contents(secret):
    """A Secret's data as the text that a gateway reads."""
    return {key: base64.b64decode(value).decode() for key, value in secret.inputs["data"].items()}
