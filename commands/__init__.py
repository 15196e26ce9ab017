"""What a person runs against a service, through its public API only."""
