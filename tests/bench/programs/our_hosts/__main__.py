"""One TlsGateway with many hosts."""

import os

import pulumi

from istio_ingress import TlsGateway, tune_runtime

tune_runtime()

names = [f"host-{number}.bench.example.com" for number in range(int(os.environ["HOSTS"]))]
backend = {"service": "httpbin", "port": 8000}
bench = TlsGateway("bench", {"hosts": [{"host": host, "backend": backend} for host in names]})
pulumi.export("hosts", bench.hosts)
