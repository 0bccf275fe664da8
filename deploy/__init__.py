"""Runs `pulumi up` and `pulumi destroy` so that they can be repeated after being killed in the middle."""
