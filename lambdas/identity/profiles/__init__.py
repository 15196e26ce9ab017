"""Who of a household watches: profiles, what each may see, and who may change that."""
