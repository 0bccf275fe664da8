"""What is written to the cluster: the only places that know the field names of Kubernetes and Istio."""
