"""What is declared, held against what lives in the cluster that it is meant for."""
