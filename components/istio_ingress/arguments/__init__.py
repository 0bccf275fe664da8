"""What a person writes, and what of it is refused before anything is declared."""
