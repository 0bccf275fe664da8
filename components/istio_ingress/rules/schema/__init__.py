"""What the API server and Istio's webhook refuse, whatever else there is in the cluster.

`structure` holds an object against its CRD, which `definitions` reads from `crds.json`; `refusals` says what Istio's
own validation adds. Both only judge values that are known.
"""
