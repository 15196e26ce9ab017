"""The functions of playback."""
