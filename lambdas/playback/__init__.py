"""Decides whether a viewer may watch a title now on this device, and hands over what plays it."""
