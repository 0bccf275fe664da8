"""Generated hosts, routes and requests, put to the lab's gateway and to the walker."""
