"""AWS for the paths that a viewer waits for, where loading an SDK costs more than the work."""
