/** One title being watched: asks to play, drives the engine, tells what happens, keeps the place. */
import type { PlaybackApi } from "../api/playback";
import type { ProgressApi } from "../api/progress";
import { type Failure, failureFrom } from "./failure";
import { PlaceKeeper } from "./place-keeper";
import type { QualityChoice } from "./quality";
import { resumePosition } from "./resume";
import { nextState, type PlayerSignal, type PlayerState } from "./state";
import { readVolume, rememberVolume } from "./volume";

export interface PlaybackView {
  readonly state: PlayerState;
  /** The title's name, once known. */
  readonly name: string | null;
  readonly positionSeconds: number;
  readonly durationSeconds: number;
  readonly bufferedSeconds: number;
  readonly volume: number;
  readonly isMuted: boolean;
  readonly heights: readonly number[];
  readonly chosenHeight: QualityChoice;
  /** Of the picture on screen; 0 before the first. */
  readonly height: number;
  readonly failure: Failure | null;
}

export interface PlaybackDependencies {
  readonly playback: PlaybackApi;
  readonly progress: ProgressApi;
  /** Keeps a token at hand for the write on leaving; returns how to stop. */
  readonly keepFresh: () => () => void;
}

type Engine = import("./engine").Engine;

export class Playback {
  #view: PlaybackView;
  #video: HTMLVideoElement | null = null;
  #engine: Engine | null = null;
  #sessionId: string | null = null;
  /** The start under way or playing; aborted by the next one and on leaving. */
  #attempt = new AbortController();
  #hasShownPicture = false;
  readonly #place: PlaceKeeper;
  readonly #listeners = new Set<() => void>();

  constructor(
    private readonly titleId: string,
    private readonly fromStart: boolean,
    private readonly using: PlaybackDependencies,
  ) {
    this.#place = new PlaceKeeper(titleId, using.progress);
    const { volume, isMuted } = readVolume();
    this.#view = {
      state: "loading",
      name: null,
      positionSeconds: 0,
      durationSeconds: 0,
      bufferedSeconds: 0,
      volume,
      isMuted,
      heights: [],
      chosenHeight: null,
      height: 0,
      failure: null,
    };
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly view = (): PlaybackView => this.#view;

  /** Starts playing in this element; the returned function stops, keeps the place and lets go. */
  attach(video: HTMLVideoElement): () => void {
    this.#video = video;
    video.volume = this.#view.volume;
    video.muted = this.#view.isMuted;
    const listening = new AbortController();
    this.#listen(video, listening.signal);
    const stopRenewing = this.using.keepFresh();
    void this.#start(null);
    return () => {
      listening.abort();
      stopRenewing();
      void this.#place.keep();
      this.#attempt.abort();
      void this.#letGo();
      this.#video = null;
    };
  }

  togglePlay(): void {
    const video = this.#video;
    if (video === null || this.#view.state === "error") return;
    if (video.paused || video.ended) this.#play(video);
    else video.pause();
  }

  seekTo(seconds: number): void {
    const video = this.#video;
    const { durationSeconds, state } = this.#view;
    if (video === null || video.readyState === 0 || state === "error") return;
    video.currentTime = Math.min(Math.max(0, seconds), durationSeconds);
    this.#update({ positionSeconds: video.currentTime });
  }

  seekBy(seconds: number): void {
    this.seekTo(this.#view.positionSeconds + seconds);
  }

  setVolume(volume: number): void {
    if (this.#video === null) return;
    this.#video.volume = Math.min(1, Math.max(0, volume));
    this.#video.muted = this.#video.volume === 0;
  }

  toggleMute(): void {
    const video = this.#video;
    if (video === null) return;
    video.muted = !video.muted;
    // Unmuting silence would look broken.
    if (!video.muted && video.volume === 0) video.volume = 0.5;
  }

  chooseHeight(choice: QualityChoice): void {
    this.#engine?.choose(choice);
    this.#update({ chosenHeight: choice });
  }

  /** Asks to play anew, from where it stopped. */
  tryAgain(): void {
    void this.#start(this.#hasShownPicture ? this.#view.positionSeconds : null);
  }

  /** `at` in seconds; null begins where the title was left. */
  async #start(at: number | null): Promise<void> {
    this.#attempt.abort();
    const attempt = new AbortController();
    this.#attempt = attempt;
    this.#signal("restarted", { failure: null });
    try {
      await this.#letGo();
      const [start, reached, { Engine }] = await Promise.all([
        this.using.playback.start(this.titleId, attempt.signal),
        at === null && !this.fromStart
          ? this.using.progress.of(this.titleId, attempt.signal).catch(() => null)
          : null,
        import("./engine"),
      ]);
      const video = this.#video;
      if (attempt.signal.aborted || video === null) {
        this.using.playback.end(start.sessionId);
        return;
      }
      this.#sessionId = start.sessionId;
      this.#update({ name: start.name, durationSeconds: start.durationSeconds });
      if (!Engine.isSupported()) throw new UnsupportedBrowser();
      const engine = new Engine({
        failed: (error) => this.#failed(error, attempt),
        renditionsChanged: (heights) => this.#update({ heights }),
      });
      this.#engine = engine;
      await engine.load(video, {
        manifestUrl: start.manifestUrl,
        licence: start.licence,
        startSeconds: at ?? resumePosition(reached),
      });
      if (attempt.signal.aborted) return;
      const { chosenHeight } = this.#view;
      if (chosenHeight !== null) engine.choose(chosenHeight);
      this.#play(video);
    } catch (error) {
      this.#failed(error, attempt);
    }
  }

  #play(video: HTMLVideoElement): void {
    video.play().catch((error: unknown) => {
      // Browsers want a click before sound. Every other failure arrives as an event.
      if (error instanceof DOMException && error.name === "NotAllowedError") {
        this.#signal("ready-but-waiting-for-a-click");
      }
    });
  }

  #failed(error: unknown, attempt: AbortController): void {
    if (attempt.signal.aborted || this.#view.state === "error") return;
    const failure = error instanceof UnsupportedBrowser ? UNSUPPORTED : failureFrom(error);
    if (failure === null) return;
    this.#signal("failed", { failure });
    this.#video?.pause();
    void this.#place.keep();
  }

  async #letGo(): Promise<void> {
    this.#endSession();
    const engine = this.#engine;
    this.#engine = null;
    await engine?.destroy();
  }

  #endSession(): void {
    if (this.#sessionId !== null) this.using.playback.end(this.#sessionId);
    this.#sessionId = null;
  }

  #listen(video: HTMLVideoElement, signal: AbortSignal): void {
    const on = (name: string, react: () => void): void =>
      video.addEventListener(name, react, { signal });
    on("playing", () => {
      this.#hasShownPicture = true;
      this.#signal("playing");
    });
    on("waiting", () => this.#signal("waiting"));
    on("pause", () => {
      // Letting go of an engine pauses the element, too: that is not the viewer's doing.
      if (this.#engine === null) return;
      this.#signal("paused");
      void this.#place.keep();
    });
    on("seeked", () => {
      if (video.paused && this.#hasShownPicture && this.#engine !== null) {
        this.#signal(video.ended ? "ended" : "seeked-while-paused");
      }
    });
    on("ended", () => {
      this.#moved(video);
      this.#signal("ended");
      void this.#place.keep();
    });
    on("timeupdate", () => this.#moved(video));
    on("progress", () => this.#update({ bufferedSeconds: bufferedUntil(video) }));
    on("durationchange", () => {
      if (Number.isFinite(video.duration)) this.#update({ durationSeconds: video.duration });
    });
    on("resize", () => this.#update({ height: video.videoHeight }));
    on("volumechange", () => {
      this.#update({ volume: video.volume, isMuted: video.muted });
      rememberVolume({ volume: video.volume, isMuted: video.muted });
    });

    const leaving = (): void => this.#place.keepWhileLeaving();
    window.addEventListener(
      "pagehide",
      (event) => {
        leaving();
        // A page that the browser keeps for "back" goes on playing when it returns.
        if (!event.persisted) this.#endSession();
      },
      { signal },
    );
    document.addEventListener(
      "visibilitychange",
      () => {
        if (document.visibilityState === "hidden") leaving();
      },
      { signal },
    );
    window.addEventListener(
      "online",
      () => {
        if (this.#view.failure?.isConnection === true) this.tryAgain();
      },
      { signal },
    );
  }

  #moved(video: HTMLVideoElement): void {
    // An element without an engine is at 0: a place that nobody reached.
    if (this.#engine === null || video.readyState === 0) return;
    this.#update({ positionSeconds: video.currentTime, bufferedSeconds: bufferedUntil(video) });
    if (this.#hasShownPicture) this.#place.moved(video.currentTime, this.#view.durationSeconds);
  }

  #signal(signal: PlayerSignal, also: Partial<PlaybackView> = {}): void {
    this.#update({ ...also, state: nextState(this.#view.state, signal) });
  }

  #update(change: Partial<PlaybackView>): void {
    this.#view = { ...this.#view, ...change };
    for (const listener of this.#listeners) listener();
  }
}

class UnsupportedBrowser extends Error {}

const UNSUPPORTED: Failure = {
  code: "unsupported_browser",
  title: "This browser cannot play films",
  detail: "Try a current version of Chrome, Edge or Firefox.",
  isConnection: false,
};

/** Seconds up to which the picture can go on from here without the network. */
function bufferedUntil(video: HTMLVideoElement): number {
  const { buffered, currentTime } = video;
  for (let range = 0; range < buffered.length; range += 1) {
    if (buffered.start(range) <= currentTime + 0.1 && currentTime <= buffered.end(range)) {
      return buffered.end(range);
    }
  }
  return currentTime;
}
