"""`istio-ingress requests`: the requests that a person would send to a stack's hosts, good ones and bad."""
