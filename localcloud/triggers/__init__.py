"""What AWS carries between services: events to targets, records and messages to functions."""
