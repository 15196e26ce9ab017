"""The demo's series, drawn by ffmpeg: three evenings at the sea with one title sequence.

Each episode is a cold open of its own length, the title sequence, and the story. The sequence is
the same picture and the same music in each, sample for sample, at another place: what finds intros
by comparing episodes has something to find. Still layers are drawn once and moved, so that making
an episode takes a fifth of its length of one core.
"""

from __future__ import annotations

from dataclasses import dataclass

SERIES = "The Long Tide"

WIDTH, HEIGHT, RATE = 640, 360, 24

INTRO_SECONDS = 16
"""An intro is worth skipping, and worth finding, from about 15 s."""

FADE_SECONDS = 0.6

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Wave:
    """One layer of the sea, the farthest first."""

    colour: Colour
    level: int
    """Of its crests, in pixels from above."""
    height: int
    count: int
    """Waves in the width of the picture: whole, so that its ends meet when it moves."""
    speed: float
    """Widths per frame; negative is leftwards."""


@dataclass(frozen=True)
class Sea:
    """What a scene looks like."""

    sky: tuple[Colour, Colour]
    """Above and below."""
    sun: Colour
    sun_at: int
    """Its left edge, in pixels."""
    sun_moves: tuple[int, int]
    """Its upper edge at the beginning and at the end, in pixels."""
    waves: tuple[Wave, ...]
    phase: int = 0
    """Where the waves begin: two scenes of one sea differ by it."""


@dataclass(frozen=True)
class Line:
    """Something said, in seconds of its part."""

    begins: float
    ends: float
    english: str
    german: str


@dataclass(frozen=True)
class Part:
    """A cold open or a story."""

    seconds: float
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Script:
    """One episode."""

    title: str
    sea: Sea
    root_hz: float
    """Of its chord."""
    cold_open: Part
    story: Part

    @property
    def intro_at(self) -> float:
        """Where the title sequence begins, in seconds."""
        return self.cold_open.seconds

    @property
    def seconds(self) -> float:
        """How long it is."""
        return self.cold_open.seconds + INTRO_SECONDS + self.story.seconds

    def filtergraph(self) -> str:
        """The whole episode as an ffmpeg graph that ends in `[picture]` and `[sound]`."""
        later = Sea(**{**vars(self.sea), "phase": self.sea.phase + 3})
        parts = [
            *_picture("cold", self.sea, self.cold_open.seconds),
            *_picture("intro", INTRO, INTRO_SECONDS),
            *_picture("story", later, self.story.seconds),
            *self.sounds(),
            "[cold][colds][intro][intros][story][storys]concat=n=3:v=1:a=1[picture][sound]",
        ]
        return ";".join(parts)

    def sounds(self) -> list[str]:
        """The sound of the three parts, as chains that end in `[colds]`, `[intros]`, `[storys]`."""
        return [
            *_sea_and_chord("cold", self.root_hz, self.cold_open.seconds),
            _theme("intro", INTRO_SECONDS),
            *_sea_and_chord("story", self.root_hz, self.story.seconds),
        ]

    def captions(self) -> dict[str, str]:
        """WebVTT by language (W3C WebVTT, section 4)."""
        theme = Line(1, 6, f"♪ {SERIES} ♪", f"♪ {SERIES} ♪")
        story_at = self.intro_at + INTRO_SECONDS
        timed = [
            *((0.0, line) for line in self.cold_open.lines),
            (self.intro_at, theme),
            *((story_at, line) for line in self.story.lines),
        ]
        spoken = {
            "en": [(at, line, line.english) for at, line in timed],
            "de": [(at, line, line.german) for at, line in timed],
        }
        return {
            language: "WEBVTT\n"
            + "".join(
                f"\n{_clock(at + line.begins)} --> {_clock(at + line.ends)}\n{text}\n"
                for at, line, text in lines
            )
            for language, lines in spoken.items()
        }


def _clock(seconds: float) -> str:
    minutes, rest = divmod(seconds, 60)
    return f"{int(minutes):02}:{rest:06.3f}"


def _picture(name: str, sea: Sea, seconds: float) -> list[str]:
    """A sun over moving waves, as chains that end in `[name]`."""
    # One frame is drawn and held: an expression for each pixel of each frame would take minutes.
    frame = f"nullsrc=size={WIDTH}x{HEIGHT}:rate={RATE}:duration=0.04"
    held = f"format=yuva420p,loop=loop=-1:size=1,trim=duration={seconds}"
    above, below = sea.sky
    shades = [f"{top}+{bottom - top}*Y/H" for top, bottom in zip(above, below, strict=True)]
    disc, glow = 46, 110
    centre = f"hypot(X-{glow},Y-{glow})"
    halo = f"110*(1-({centre}-{disc})/{glow - disc})"
    shine = f"max(clip(255*({disc + 1}-{centre}),0,255),max(0,{halo}))"
    rises = f"{sea.sun_moves[0]}+{sea.sun_moves[1] - sea.sun_moves[0]}*t/{seconds}"
    chains = [
        f"{frame},format=gbrp,{_geq(shades)},{held}[{name}sky]",
        f"nullsrc=size={2 * glow}x{2 * glow}:rate={RATE}:duration=0.04,format=rgba,"
        f"{_geq([str(shade) for shade in sea.sun], shine)},{held}[{name}sun]",
        f"[{name}sky][{name}sun]overlay=x={sea.sun_at}:y='{rises}'[{name}0]",
    ]
    for number, wave in enumerate(sea.waves):
        crest = (
            f"{wave.level}+{wave.height}*sin(2*PI*{wave.count}*X/W+{2 * number + sea.phase})"
            f"+{wave.height / 2}*sin(2*PI*{wave.count + 2}*X/W+{number + sea.phase})"
        )
        foam = [f"{shade}+40*lt(Y-({crest}),3)" for shade in wave.colour]
        chains += [
            f"{frame},format=rgba,{_geq(foam, f'clip(255*(Y-({crest})),0,255)')},{held},"
            f"scroll=horizontal={wave.speed}[{name}wave{number}]",
            f"[{name}{number}][{name}wave{number}]overlay[{name}{number + 1}]",
        ]
    fades = f"fade=t=in:d={FADE_SECONDS},fade=t=out:st={seconds - FADE_SECONDS}:d={FADE_SECONDS}"
    chains.append(f"[{name}{len(sea.waves)}]{fades},format=yuv420p,setsar=1[{name}]")
    return chains


def _geq(rgb: list[str], alpha: str | None = None) -> str:
    red, green, blue = rgb
    seen = "" if alpha is None else f":a='{alpha}'"
    return f"geq=r='{red}':g='{green}':b='{blue}'{seen}"


def _theme(name: str, seconds: float) -> str:
    """A plucked pentatonic tune, four notes a second, over its bass."""
    note = "220*pow(2,floor(2.4*mod(ld(0)*3,5))/12+mod(floor(ld(0)/5),2))"
    tune = (
        "st(0,floor(t*4));st(1,t-ld(0)/4);"
        f"0.28*exp(-5*ld(1))*sin(2*PI*{note}*ld(1))"
        f"+0.10*exp(-7*ld(1))*sin(4*PI*{note}*ld(1))"
        "+0.07*sin(2*PI*110*t)*(0.6+0.4*sin(2*PI*t/8))"
    )
    return f"aevalsrc=duration={seconds}:sample_rate=48000:exprs='{tune}'[{name}s]"


def _sea_and_chord(name: str, root_hz: float, seconds: float) -> list[str]:
    """Surf, and a chord that swells with it; other in each episode, so that only intros match."""
    seed = int(root_hz * 10) + len(name)
    notes = (root_hz, root_hz * 2 ** (4 / 12), root_hz * 2 ** (7 / 12))
    chord = "+".join(
        f"0.06*sin(2*PI*{hertz:.2f}*t)*(0.6+0.4*sin(2*PI*t/{5 + number}+{number}))"
        for number, hertz in enumerate(notes)
    )
    surf = "0.35+0.3*sin(2*PI*t/6)"
    return [
        f"anoisesrc=color=brown:amplitude=0.5:seed={seed}:sample_rate=48000:duration={seconds},"
        f"volume='{surf}':eval=frame[{name}surf]",
        f"aevalsrc=duration={seconds}:sample_rate=48000:exprs='{chord}'[{name}chord]",
        f"[{name}surf][{name}chord]amix=inputs=2:normalize=0[{name}s]",
    ]


INTRO = Sea(
    sky=((7, 11, 32), (52, 84, 138)),
    sun=(236, 240, 255),
    sun_at=210,
    sun_moves=(190, 30),
    # Calmer than every story: a poster is the frame with the most detail, and should be a story's.
    waves=(
        Wave((38, 62, 110), 250, 6, 1, 0.0009),
        Wave((16, 30, 66), 290, 8, 1, -0.0014),
    ),
)

EPISODES = (
    Script(
        title="Low Water",
        sea=Sea(
            sky=((96, 158, 196), (255, 222, 182)),
            sun=(255, 248, 214),
            sun_at=60,
            sun_moves=(130, 70),
            waves=(
                Wave((98, 168, 168), 244, 9, 5, 0.0005),
                Wave((58, 130, 142), 272, 10, 6, -0.0009),
                Wave((26, 84, 104), 308, 12, 4, 0.0014),
            ),
        ),
        root_hz=196.0,
        cold_open=Part(
            3.0,
            (
                Line(
                    0.5,
                    2.8,
                    "This coast keeps two clocks.",
                    "An dieser Küste gehen zwei Uhren.",
                ),
            ),
        ),
        story=Part(
            18.0,
            (
                Line(1, 5, "One for the trains.", "Eine für die Züge."),
                Line(5.5, 10, "One for the water.", "Eine für das Wasser."),
                Line(
                    11,
                    16.5,
                    "This morning they agreed.\nNobody had ever seen that.",
                    "Heute früh gingen sie gleich.\nDas hatte noch niemand gesehen.",
                ),
            ),
        ),
    ),
    Script(
        title="The Light on the Point",
        sea=Sea(
            sky=((18, 26, 60), (240, 140, 90)),
            sun=(255, 214, 150),
            sun_at=330,
            sun_moves=(90, 160),
            waves=(
                Wave((60, 70, 120), 230, 9, 3, 0.0006),
                Wave((38, 52, 100), 260, 11, 4, -0.0011),
                Wave((18, 30, 66), 300, 13, 2, 0.0018),
            ),
        ),
        root_hz=174.61,
        cold_open=Part(
            8.0,
            (
                Line(1, 4, "Who lit the lamp?", "Wer hat die Lampe angezündet?"),
                Line(
                    4.5,
                    7.5,
                    "Nobody has lived there since the war.",
                    "Dort wohnt seit dem Krieg niemand mehr.",
                ),
            ),
        ),
        story=Part(
            14.0,
            (
                Line(1, 5, "Twice short, once long.", "Zweimal kurz, einmal lang."),
                Line(
                    6,
                    12,
                    "That is not a warning.\nThat is a name.",
                    "Das ist keine Warnung.\nDas ist ein Name.",
                ),
            ),
        ),
    ),
    Script(
        title="High Water",
        sea=Sea(
            sky=((34, 16, 54), (206, 74, 112)),
            sun=(255, 150, 132),
            sun_at=390,
            sun_moves=(120, 190),
            waves=(
                Wave((104, 48, 98), 216, 14, 5, 0.0010),
                Wave((68, 32, 80), 250, 16, 4, -0.0018),
                Wave((32, 16, 50), 294, 18, 5, 0.0028),
            ),
        ),
        root_hz=146.83,
        cold_open=Part(
            5.5,
            (Line(0.8, 5, "It should have turned by now.", "Es müsste längst ablaufen."),),
        ),
        story=Part(
            16.0,
            (
                Line(1, 6, "The water has a long memory.", "Das Wasser vergisst nicht."),
                Line(
                    7,
                    14,
                    "Stop both clocks.\nLet it tell us the time.",
                    "Haltet beide Uhren an.\nEs soll uns die Zeit sagen.",
                ),
            ),
        ),
    ),
)
