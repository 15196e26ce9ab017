/** One title being watched: asks to play, drives the engine, tells what happens. */
import type { Beacon } from "../api/beacons";
import type { PlaybackApi, Start } from "../api/playback";
import type { ProgressApi } from "../api/progress";
import { type EpisodeOf, type Markers, NOTHING_MARKED } from "../api/titles";
import type { BeaconOutbox, Play } from "./beacon-outbox";
import { type BeaconListener, Beacons, type Clock } from "./beacons";
import {
  type CaptionChoice,
  type CaptionTrack,
  captionsAtFirst,
  readCaptionChoice,
  rememberCaptionChoice,
} from "./captions";
import { Cdns } from "./cdns";
import {
  endedBy,
  type Failure,
  failureFrom,
  isRefusedByEdge,
  mayGoOnAfter,
  UnsupportedBrowser,
} from "./failure";
import type { QualityChoice } from "./quality";
import { resumePosition } from "./resume";
import { areCreditsAt } from "./skipping";
import { nextState, type PlayerSignal, type PlayerState } from "./state";
import type { Storyboard } from "./storyboard";
import type { ReachedHere } from "./told-places";
import { readVolume, rememberVolume } from "./volume";

/** A play that the edge refuses again so soon after a new start is refused for good. */
const ASKED_ANEW_AT_MOST_EVERY_MS = 60_000;

export interface PlaybackView {
  readonly state: PlayerState;
  /** The title's name, once known. */
  readonly name: string | null;
  /** Null for a film, and until it is known. */
  readonly episodeOf: EpisodeOf | null;
  /** What may be skipped; nothing until it is known. */
  readonly markers: Markers;
  readonly positionSeconds: number;
  readonly durationSeconds: number;
  readonly bufferedSeconds: number;
  readonly volume: number;
  readonly isMuted: boolean;
  readonly heights: readonly number[];
  readonly chosenHeight: QualityChoice;
  /** Of the picture on screen; 0 before the first. */
  readonly height: number;
  readonly captions: readonly CaptionTrack[];
  /** Those that were chosen could not be loaded. */
  readonly haveCaptionsFailed: boolean;
  readonly chosenCaptions: CaptionChoice;
  /** Null until it is there; a film can be watched without. */
  readonly storyboard: Storyboard | null;
  readonly failure: Failure | null;
}

export interface PlaybackDependencies {
  readonly playback: Pick<PlaybackApi, "start" | "end" | "ending" | "storyboard">;
  readonly progress: Pick<ProgressApi, "of">;
  readonly outbox: Pick<BeaconOutbox, "tell" | "tellWhileLeaving" | "mark">;
  readonly reachedHere: Pick<ReachedHere, "tell">;
  /** Of the profile that watches; null where it is not known. */
  readonly language: () => string | null;
}

type Engine = import("./engine").Engine;

/** Where a title is shown. It is the play's own, so that a play need not wait for its page. */
export interface Screen {
  readonly video: HTMLVideoElement;
  /** Captions are drawn here; the browser's own would need addresses that the page forbids. */
  readonly captions: HTMLElement;
}

function newScreen(): Screen {
  const video = document.createElement("video");
  video.className = "player-video";
  video.playsInline = true;
  const captions = document.createElement("div");
  captions.className = "player-captions";
  captions.dataset["testid"] = "captions";
  return { video, captions };
}

const CLOCK: Clock = { now: Date.now, elapsed: () => performance.now() };

export class Playback {
  #view: PlaybackView;
  readonly screen = newScreen();
  /** The screen's, as long as something plays there. */
  #video: HTMLVideoElement | null = null;
  /** Ends what was begun; null when nothing is. */
  #leave: (() => void) | null = null;
  #engine: Engine | null = null;
  #sessionId: string | null = null;
  /** Null as long as nothing plays. */
  #beacons: Beacons | null = null;
  /** The start under way or playing; aborted by the next one and on leaving. */
  #attempt = new AbortController();
  #hasShownPicture = false;
  /** Undefined for who never chose. */
  #captionChoice = readCaptionChoice();
  /** When the edge's refusal last led to a new start. */
  #askedAnewAt = -Infinity;
  /** The viewer looks for another place: what the picture waits for then is no fault. */
  #isSeeking = false;
  #isRebuffering = false;
  readonly #listeners = new Set<() => void>();

  constructor(
    readonly titleId: string,
    private readonly fromStart: boolean,
    private readonly using: PlaybackDependencies,
  ) {
    const { volume, isMuted } = readVolume();
    this.#view = {
      state: "loading",
      name: null,
      episodeOf: null,
      markers: NOTHING_MARKED,
      positionSeconds: 0,
      durationSeconds: 0,
      bufferedSeconds: 0,
      volume,
      isMuted,
      heights: [],
      chosenHeight: null,
      height: 0,
      captions: [],
      haveCaptionsFailed: false,
      chosenCaptions: this.#captionChoice ?? null,
      storyboard: null,
      failure: null,
    };
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly view = (): PlaybackView => this.#view;

  /** Asks to play and plays, whether the screen is on a page already or not. Once begun, nothing. */
  begin(): void {
    if (this.#leave !== null) return;
    const { video } = this.screen;
    this.#video = video;
    video.volume = this.#view.volume;
    video.muted = this.#view.isMuted;
    const listening = new AbortController();
    this.#listen(video, listening.signal);
    this.#leave = () => {
      listening.abort();
      this.#attempt.abort();
      void this.#letGo();
      this.#video = null;
      this.#leave = null;
    };
    void this.#start(null);
  }

  /** Stops and lets go. */
  leave(): void {
    this.#leave?.();
  }

  togglePlay(): void {
    const video = this.#video;
    if (video === null || this.#view.state === "error") return;
    if (video.paused || video.ended) this.#play(video);
    else video.pause();
  }

  setPlaying(wanted: boolean): void {
    const isPlaying = this.#video !== null && !this.#video.paused && !this.#video.ended;
    if (isPlaying !== wanted) this.togglePlay();
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

  chooseCaptions(choice: CaptionChoice): void {
    this.#captionChoice = choice;
    this.#showCaptions(this.#engine);
    rememberCaptionChoice(choice);
  }

  /** Asks to play anew, from where it stopped. */
  tryAgain(): void {
    void this.#start(this.#hasShownPicture ? this.#view.positionSeconds : null);
  }

  /** Asks to play in place of another play of the account, which ends. */
  takeOver(sessionId: string): void {
    void this.#start(this.#hasShownPicture ? this.#view.positionSeconds : null, sessionId);
  }

  /** `at` in seconds; null begins where the title was left. */
  async #start(at: number | null, takeOver?: string): Promise<void> {
    this.#attempt.abort();
    const attempt = new AbortController();
    this.#attempt = attempt;
    this.#signal("restarted", { failure: null });
    const isFirst = this.#engine === null;
    // Letting go ends the play before, which may be the one screen too many.
    const letGo = this.#letGo();
    const ask = (): Promise<Start> =>
      this.using.playback.start(this.titleId, attempt.signal, takeOver);
    const asking = isFirst ? ask() : letGo.then(ask);
    try {
      const [start, reached, engine] = await Promise.all([
        asking,
        at === null && !this.fromStart
          ? this.using.progress.of(this.titleId, attempt.signal).catch(() => null)
          : null,
        letGo.then(() => this.#engineFor(attempt)),
      ]);
      const video = this.#video;
      if (attempt.signal.aborted || video === null) {
        this.using.playback.end(start.sessionId);
        return;
      }
      this.#sessionId = start.sessionId;
      const cdns = new Cdns(start.cdns, location.href, () => performance.now());
      this.#beacons = new Beacons(this.#telling(start), CLOCK, Math.random, () => cdns.met());
      const { name, episodeOf, durationSeconds, markers } = start;
      this.#update({ name, episodeOf, durationSeconds, markers });
      const startSeconds = at ?? resumePosition(reached);
      await engine.load({ cdns, licence: start.licence, startSeconds });
      if (attempt.signal.aborted) return;
      const { chosenHeight } = this.#view;
      if (chosenHeight !== null) engine.choose(chosenHeight);
      this.#showCaptions(engine);
      this.#play(video);
      const showStoryboard = (): void => void this.#showStoryboard(start, attempt.signal);
      // After the picture, so that it never waits for it.
      if (video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA) showStoryboard();
      else video.addEventListener("loadeddata", showStoryboard, { once: true, signal: attempt.signal });
    } catch (error) {
      // A play that was granted all the same is nobody's.
      if (this.#sessionId === null) {
        asking.then(({ sessionId }) => this.using.playback.end(sessionId)).catch(() => undefined);
      }
      this.#failed(error, attempt);
    }
  }

  #showCaptions(engine: Engine | null): void {
    const chosenCaptions =
      this.#captionChoice === undefined
        ? captionsAtFirst(this.#view.captions, this.using.language())
        : this.#captionChoice;
    engine?.chooseCaptions(chosenCaptions);
    this.#update({ chosenCaptions, haveCaptionsFailed: false });
  }

  async #engineFor(attempt: AbortController): Promise<Engine> {
    const { Engine } = await import("./engine");
    if (!Engine.isSupported()) throw new UnsupportedBrowser();
    attempt.signal.throwIfAborted();
    const engine = new Engine({
      failed: (error) => this.#failed(error, attempt),
      renditionsChanged: (heights) => this.#update({ heights }),
      captionsChanged: (captions) => this.#update({ captions }),
      captionsFailed: () => {
        engine.chooseCaptions(null);
        this.#update({ chosenCaptions: null, haveCaptionsFailed: true });
      },
    });
    this.#engine = engine;
    await engine.attach(this.screen);
    return engine;
  }

  async #showStoryboard(start: Start, signal: AbortSignal): Promise<void> {
    const storyboard = await this.using.playback.storyboard(start, signal);
    if (!signal.aborted) this.#update({ storyboard });
  }

  #telling(play: Play & Pick<Start, "markers">): BeaconListener {
    const { outbox, reachedHere } = this.using;
    const { markers } = play;
    const told = ({ at, positionSeconds, durationSeconds }: Beacon): void =>
      reachedHere.tell({
        titleId: this.titleId,
        recordedAt: at,
        positionSeconds,
        durationSeconds,
        // As the service will judge it.
        ...(markers.creditsAtSeconds === null
          ? {}
          : { isFinished: areCreditsAt(markers, positionSeconds) }),
      });
    return {
      tell: (beacon) => {
        told(beacon);
        outbox.tell(play, beacon);
      },
      tellWhileLeaving: (beacon) => {
        told(beacon);
        outbox.tellWhileLeaving(play, beacon);
      },
      mark: (beacon) => outbox.mark(play, beacon),
    };
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
    const failure = failureFrom(error);
    if (failure === null) return;
    if (failure.mayBeOver === true && this.#sessionId !== null) {
      const isRefused = this.#hasShownPicture && isRefusedByEdge(error);
      void this.#askWhy(this.#sessionId, failure, isRefused, attempt.signal);
    } else {
      this.#stop(failure);
    }
  }

  /** A refusal on the way says no more than that; who took the play away knows why. */
  async #askWhy(
    sessionId: string,
    failure: Failure,
    isRefusedByEdge: boolean,
    signal: AbortSignal,
  ): Promise<void> {
    const ending = await this.using.playback.ending(sessionId, signal);
    if (signal.aborted || this.#view.state === "error") return;
    // Nobody took it away: what opened the files has ended, or the viewer is elsewhere. The start
    // says whether one may go on, and in words why not.
    if (isRefusedByEdge && mayGoOnAfter(ending) && this.#mayAskAnew()) this.tryAgain();
    else this.#stop(ending === null ? failure : endedBy(ending));
  }

  #stop(failure: Failure): void {
    this.#signal("failed", { failure });
    this.#beacons?.failed();
    this.#video?.pause();
  }

  #mayAskAnew(): boolean {
    const now = performance.now();
    const isSoon = now - this.#askedAnewAt < ASKED_ANEW_AT_MOST_EVERY_MS;
    if (!isSoon) this.#askedAnewAt = now;
    return !isSoon;
  }

  async #letGo(): Promise<void> {
    this.#endSession();
    const engine = this.#engine;
    this.#engine = null;
    await engine?.destroy();
  }

  #endSession(isLeavingPage = false): void {
    this.#beacons?.left(isLeavingPage);
    this.#isRebuffering = false;
    if (this.#sessionId !== null) this.using.playback.end(this.#sessionId);
    this.#sessionId = null;
    this.#beacons = null;
  }

  #listen(video: HTMLVideoElement, signal: AbortSignal): void {
    const on = (name: string, react: () => void): void =>
      video.addEventListener(name, react, { signal });
    on("playing", () => {
      this.#hasShownPicture = true;
      this.#signal("playing");
      if (this.#isRebuffering) this.#beacons?.rebuffered();
      this.#isRebuffering = false;
      this.#isSeeking = false;
    });
    on("waiting", () => {
      this.#signal("waiting");
      this.#isRebuffering = this.#hasShownPicture && !this.#isSeeking;
    });
    on("seeking", () => {
      this.#isSeeking = true;
    });
    on("pause", () => {
      // Letting go of an engine pauses the element, too: that is not the viewer's doing.
      if (this.#engine === null) return;
      this.#signal("paused");
      this.#moved(video);
      this.#beacons?.paused();
    });
    on("seeked", () => {
      if (video.paused && this.#hasShownPicture && this.#engine !== null) {
        this.#signal(video.ended ? "ended" : "seeked-while-paused");
      }
    });
    on("ended", () => {
      this.#moved(video);
      this.#signal("ended");
      this.#beacons?.paused();
    });
    on("timeupdate", () => this.#moved(video));
    on("progress", () => this.#update({ bufferedSeconds: bufferedUntil(video) }));
    on("durationchange", () => {
      if (Number.isFinite(video.duration)) this.#update({ durationSeconds: video.duration });
    });
    on("resize", () => this.#update({ height: Math.min(video.videoWidth, video.videoHeight) }));
    on("volumechange", () => {
      this.#update({ volume: video.volume, isMuted: video.muted });
      rememberVolume({ volume: video.volume, isMuted: video.muted });
    });

    window.addEventListener(
      "pagehide",
      (event) => {
        this.#moved(video);
        // A page that the browser keeps for "back" goes on playing when it returns.
        if (event.persisted) this.#beacons?.hidden();
        else this.#endSession(true);
      },
      { signal },
    );
    document.addEventListener(
      "visibilitychange",
      () => {
        if (document.visibilityState === "hidden") this.#beacons?.hidden();
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
    if (!this.#hasShownPicture) return;
    this.#beacons?.moved(video.currentTime, this.#view.durationSeconds);
  }

  #signal(signal: PlayerSignal, also: Partial<PlaybackView> = {}): void {
    this.#update({ ...also, state: nextState(this.#view.state, signal) });
  }

  #update(change: Partial<PlaybackView>): void {
    this.#view = { ...this.#view, ...change };
    for (const listener of this.#listeners) listener();
  }
}

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
