"""The dashboard: pages for people over the API, and nothing else. One process serves all its viewers."""
