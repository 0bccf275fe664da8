"""One object: what the Kubernetes provider costs beside that."""

import os

from pulumi_kubernetes.core.v1 import ConfigMap

ConfigMap("bench", metadata={"namespace": os.environ["NAMESPACE"]}, data={"one": "object"})
