"""What every domain shares: errors, events, web replies, ids and time. It knows no domain."""
