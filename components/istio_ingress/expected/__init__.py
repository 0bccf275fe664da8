"""What objects say should answer which requests, and whether it would: proven by `walk`, without a cluster.

Pure: it reads manifests. `prove(World(manifests))` gives a `Proof` for each expectation.
"""

from istio_ingress.expected.carried import ANNOTATION, Expected, Unreadable, carried
from istio_ingress.expected.proving import Proof, State, expected_of, prove, prove_one

__all__ = ["ANNOTATION", "Expected", "Proof", "State", "Unreadable", "carried", "expected_of", "prove", "prove_one"]
