"""Decides which films a member may keep on a device, for how long, and takes them back."""
