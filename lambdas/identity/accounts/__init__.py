"""Decides who gets an account, who may change it, and when it is gone."""
