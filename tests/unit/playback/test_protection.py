"""Which keys a licence may carry, by security level and plan."""

from __future__ import annotations

import pytest

from kernel.errors import InvalidInputError
from playback.devices import Device, may_have
from playback.protection import Hdcp, Quality, Robustness, demand_of

TYPES = {"STEREO_AUDIO", "SD", "HD", "HD1", "HD2", "UHD", "UHD1", "UHD2", "VIDEO", "ALL"}
SD = {"STEREO_AUDIO", "SD"}
HD = SD | {"HD", "HD1", "HD2"}


def allowed(device: Device, best: Quality = Quality.UHD) -> set[str]:
    return {track_type for track_type in TYPES if may_have(device, track_type, best)}


@pytest.mark.parametrize("drm", ["widevine", "playready", "fairplay"])
@pytest.mark.parametrize("best", Quality)
def test_a_device_that_keeps_keys_in_software_gets_no_more_than_sd(drm: str, best: Quality) -> None:
    device = Device.described({"family": "shaka", "drm": drm})

    assert allowed(device, best) == SD


@pytest.mark.parametrize(
    ("best", "keys"), [(Quality.SD, SD), (Quality.HD, HD), (Quality.UHD, TYPES)]
)
@pytest.mark.parametrize("drm", ["widevine", "playready", "fairplay"])
def test_a_device_that_keeps_keys_in_hardware_gets_what_its_plan_includes(
    drm: str, best: Quality, keys: set[str]
) -> None:
    described = {"family": "shaka", "drm": drm, "security_level": "hardware"}

    assert allowed(Device.described(described), best) == keys


@pytest.mark.parametrize(("best", "keys"), [(Quality.SD, SD), (Quality.HD, HD)])
def test_clearkey_is_bound_by_the_plan_alone(best: Quality, keys: set[str]) -> None:
    assert allowed(Device("shaka", "clearkey"), best) == keys


@pytest.mark.parametrize("level", ["L1", "", None, 3, ["hardware"], "HARDWARE"])
def test_a_security_level_that_nobody_knows_is_refused(level: object) -> None:
    with pytest.raises(InvalidInputError) as refused:
        Device.described({"family": "shaka", "drm": "widevine", "security_level": level})

    assert refused.value.facts == {"field": "device.security_level"}


@pytest.mark.parametrize(
    ("track_type", "robustness", "hdcp"),
    [
        ("STEREO_AUDIO", Robustness.SOFTWARE, Hdcp.NONE),
        ("SD", Robustness.SOFTWARE, Hdcp.NONE),
        ("HD", Robustness.HARDWARE, Hdcp.V1),
        ("UHD1", Robustness.HARDWARE, Hdcp.V2_2),
        ("SD+HD1", Robustness.HARDWARE, Hdcp.V1),
        ("SD+UHD1", Robustness.HARDWARE, Hdcp.V2_2),
        ("VIDEO", Robustness.HARDWARE, Hdcp.V2_2),
    ],
)
def test_each_key_demands_robustness_and_output_protection(
    track_type: str, robustness: Robustness, hdcp: Hdcp
) -> None:
    demand = demand_of(track_type)

    assert demand is not None
    assert (demand.robustness, demand.hdcp) == (robustness, hdcp)


@pytest.mark.parametrize("track_type", ["", "8K", "SD+8K", "8K+SD", "+SD", "SD+"])
def test_a_track_type_that_nobody_knows_has_no_demand_that_could_be_met(track_type: str) -> None:
    assert demand_of(track_type) is None
