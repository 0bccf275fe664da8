"""What an update that was killed leaves: found without changing anything, and cleared where that is asked for."""
