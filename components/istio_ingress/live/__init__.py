"""The cluster, the gateway and the stack as they are now: one question a file, and what came back as facts."""
