"""The only code that stands on Pulumi's Python SDK beneath its public names.

Each such name may be gone in the next release. Where one is, the package goes on without it: slower, or judged later,
and says so once (`missing`). `tests/unit/sdk` names what has changed.
"""
