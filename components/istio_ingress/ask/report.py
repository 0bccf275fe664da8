"""A result, for people to read."""

from __future__ import annotations

from istio_ingress.walk import Request, Result


def as_text(request: Request, result: Result, source: str) -> str:
    """The answer, or all that may come, and the steps to it."""
    lines = [f"{request}  ({source})"]
    if result.unknown:
        lines.append(f"  not known: {result.unknown}")
    several = len(result.answers) > 1
    for answer in result.answers:
        share = f"{answer.share:.2%}: " if several else ""
        lines.append(f"  {share}{answer}")
    lines += ["", *(f"  {number}. {step}" for number, step in enumerate(result.steps, 1))] if result.steps else []
    return "\n".join(lines)
