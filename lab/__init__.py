"""A real one-node Kubernetes cluster with Istio and a Pulumi engine on this machine, without Docker."""
