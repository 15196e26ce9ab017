"""Films on their way in: uploaded, probed, transcoded, verified, published or refused in words."""
