"""The rules as a Pulumi policy pack, for stacks that do not use the components."""
