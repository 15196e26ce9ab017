"""Draws the address where a device is let in, for its screen; it asks nobody anything."""

from __future__ import annotations

from identity import settings
from identity.oauth.device_routes import device_qr
from identity.oauth.qr import qr_svg
from kernel.web.payload import answering

handler = answering(device_qr(settings.issuer(), qr_svg))
