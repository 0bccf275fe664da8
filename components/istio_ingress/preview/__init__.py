"""Everything that a program declares is held against `rules`, and each thing against all others, beforehand."""
