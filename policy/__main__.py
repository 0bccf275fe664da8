"""`pulumi preview --policy-pack policy`: the rules over every resource of a stack."""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # where `policy` and `rules` are, installed or not
    from policy.pack import serve

    serve()
