"""`python -m istio_ingress`: the command `istio-ingress`, where scripts are not on PATH."""

import sys

from istio_ingress.cli import main

sys.exit(main())
