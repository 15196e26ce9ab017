"""Decides whether somebody who knows an account's password is also who holds its second factor."""
