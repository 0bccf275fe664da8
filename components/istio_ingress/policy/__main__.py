"""`pulumi preview --policy-pack components/istio_ingress/policy`: the rules over every resource of a stack."""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # where the package is, installed or not
    from istio_ingress.policy.pack import serve

    serve()
