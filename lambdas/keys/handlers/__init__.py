"""The functions of the key server."""
