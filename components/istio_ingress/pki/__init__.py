"""Keys and certificates: issued or brought along, renewed, rolled over, revoked."""
