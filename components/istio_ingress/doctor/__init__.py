"""Asks the live cluster what a person would ask, and sends the requests a person would send with curl."""
