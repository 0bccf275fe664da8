"""`istio-ingress ask`: what answers a request, said by `walk` of files, of a preview, or of the live cluster."""
