"""Functions that serve every domain alike."""
