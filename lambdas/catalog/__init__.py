"""Decides which titles there are, what is told of them and when they may be watched."""
