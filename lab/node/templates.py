"""The files under config/, with the lab's addresses and paths filled in."""

from __future__ import annotations

from pathlib import Path
from string import Template

from lab.settings import LabSettings

CONFIG = Path(__file__).resolve().parent.parent / "config"


def render(name: str, settings: LabSettings, **more: str) -> str:
    """One file of config/, filled in."""
    return Template((CONFIG / name).read_text()).substitute(settings.template_values() | more)
