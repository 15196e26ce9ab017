"""Decides who signs in, on which device, and what their tokens say of them."""
