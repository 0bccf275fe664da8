"""The ways to write a report, by the words of `--format`."""

from __future__ import annotations

from collections.abc import Callable

from istio_ingress.check.formats import github, plain_json, sarif, text
from istio_ingress.check.report import Report

FORMATS: dict[str, Callable[[Report], str]] = {
    "text": text.write,
    "json": plain_json.write,
    "sarif": sarif.write,
    "github": github.write,
}
