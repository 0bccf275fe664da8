"""One TlsGateway with many hosts."""

import gc
import os

import pulumi

from components import TlsGateway

gc.freeze()
gc.set_threshold(50_000)

names = [f"host-{number}.bench.example.com" for number in range(int(os.environ["HOSTS"]))]
backend = {"service": "httpbin", "port": 8000}
bench = TlsGateway("bench", {"hosts": [{"host": host, "backend": backend} for host in names]})
pulumi.export("hosts", bench.hosts)
