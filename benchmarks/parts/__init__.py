"""What questions share: none of it asks one by itself."""
