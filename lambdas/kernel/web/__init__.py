"""How functions answer HTTP: RFC 9457 problems and payload format 2.0."""
