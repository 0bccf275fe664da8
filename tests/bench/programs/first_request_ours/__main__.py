"""One host over TLS and its workload, by our component. Tells the bench when it had come how far."""

import os
import time
from pathlib import Path

begun = time.time()
import pulumi  # noqa: E402 - what these two take is one of the things measured

from istio_ingress import TlsGateway  # noqa: E402

imported = time.time()
host = {"host": os.environ["HOST"], "workload": {"image": os.environ["IMAGE"]}}
bench = TlsGateway("bench", {"namespace": os.environ["NAMESPACE"], "hosts": [host]})
pulumi.export("ca_certificate", bench.ca_certificate)
Path("moments").write_text(f"{begun} {imported} {time.time()}")
