"""The node: process 1, its namespaces, network, cgroups and certificates."""
