"""Decides what a principal may do: AWS's policy evaluation over the policies really attached."""
