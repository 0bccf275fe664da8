"""Answers worded as the real Envoy words them, objects of Istio, and the line that the doctor says of a URL."""

from istio_ingress.live.client import Answer

HOST = "httpbin.example.com"
STATUS = f"http://{HOST}/status"


def of_gateway(status, body="", **headers):
    return Answer(status, "HTTP/1.1", body, {"server": "istio-envoy", **headers})


def of_backend(status, body="", **headers):
    return of_gateway(status, body, **{"x-envoy-upstream-service-time": "3", **headers})


def istio(kind, name, spec, namespace="default", group="networking"):
    metadata = {"name": name, "namespace": namespace, "creationTimestamp": "2030-01-01T00:00:00Z"}
    return {"apiVersion": f"{group}.istio.io/v1", "kind": kind, "metadata": metadata, "spec": spec}


def policy(spec, name="denied", namespace="istio-system"):
    return istio("AuthorizationPolicy", name, spec, namespace, "security")


def on_trial(found):
    """The same policy, which only writes down what it would do."""
    return {**found, "metadata": {**found["metadata"], "annotations": {"istio.io/dry-run": "true"}}}


def route(host="httpbin", number=8000, **fields):
    return {"route": [{"destination": {"host": host, "port": {"number": number}}}], **fields}


def virtual_service(patient, host, *http, name="shop", **spec):
    """A VirtualService on the patient's Gateway for everything on port 80."""
    patient.add(istio("VirtualService", name, {"hosts": [host], "gateways": ["plain"], "http": list(http), **spec}))


def said(patient, url, **changes):
    """The only line about a URL."""
    (line,) = [line for line in patient.said("answers", **changes) if url in f"{line.subject} {line.seen}"]
    return line
