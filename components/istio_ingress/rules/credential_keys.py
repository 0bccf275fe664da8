"""Under which names Istio finds what a gateway reads (istio pilot/pkg/credentials/kube/secrets.go).

The one place that knows them: the rules read such Secrets, the components write them.
"""

from typing import NamedTuple

from istio_ingress.rules.names import LONGEST_NAME


class Keys(NamedTuple):
    """The names of the values in one Secret."""

    certificate: str
    private_key: str
    ca: str
    crl: str


GENERIC = Keys("cert", "key", "cacert", "crl")
TLS = Keys("tls.crt", "tls.key", "ca.crt", "ca.crl")
#: The order in which Istio looks: of two pairs in a Secret it reads the first.
IN_ORDER = (GENERIC, TLS)
#: Behind a credential's name: the Secret in which Istio looks for the clients' CA first, and which serves nothing else.
CA_SUFFIX = "-cacert"
#: Before `namespace/name`, where a ConfigMap stands instead of a Secret (Istio 1.28 and later).
CONFIG_MAP = "configmap://"
#: Characters of a credential's name: that of its CA's Secret is longer.
LONGEST_CREDENTIAL = LONGEST_NAME - len(CA_SUFFIX)
