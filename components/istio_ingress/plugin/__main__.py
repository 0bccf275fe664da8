"""`python -m istio_ingress.plugin` writes the package's schema: `plugin/schema.json` is made by it."""

import json
import sys

from .host import package

if __name__ == "__main__":
    json.dump(package(), sys.stdout, indent=2)
    sys.stdout.write("\n")
