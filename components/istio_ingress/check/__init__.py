"""`istio-ingress check`: reads files, has the rules judge what they hold, and says what they find."""
