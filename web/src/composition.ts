/** The composition root: builds what the pages use, once. Knows no page. */
import { AssetsApi } from "./api/assets";
import { BeaconsApi } from "./api/beacons";
import { ApiClient } from "./api/client";
import { DevicesApi } from "./api/devices";
import { HistoryApi } from "./api/history";
import { LettersApi } from "./api/letters";
import { MembersApi } from "./api/members";
import { PlansApi } from "./api/plans";
import { PlaybackApi } from "./api/playback";
import { ProfilesApi } from "./api/profiles";
import { ProgressApi } from "./api/progress";
import { TitlesApi } from "./api/titles";
import { UploadsApi } from "./api/uploads";
import { deviceKey } from "./auth/device-key";
import { LastProfile } from "./auth/last-profile";
import { LastViewer, type Viewer } from "./auth/last-viewer";
import { Session, type SessionStatus } from "./auth/session";
import { BrowserTokenSharing } from "./auth/shared-tokens";
import type { Config } from "./config";
import type { Downloads } from "./downloads/downloads";
import { owed } from "./downloads/owed";
import { BeaconOutbox } from "./player/beacon-outbox";
import { Capabilities, thisBrowser } from "./player/capabilities";
import { Openings } from "./player/openings";
import { Playback } from "./player/playback";
import { ReachedHere } from "./player/told-places";

export interface Services {
  readonly session: Session;
  /** Where an owner changes the account; a page of the issuer's, which asks for the password. */
  readonly accountUrl: string;
  readonly titles: TitlesApi;
  readonly progress: ProgressApi;
  readonly history: HistoryApi;
  readonly reachedHere: ReachedHere;
  readonly playback: PlaybackApi;
  readonly openings: Openings;
  readonly assets: AssetsApi;
  readonly uploads: UploadsApi;
  readonly devices: DevicesApi;
  readonly members: MembersApi;
  readonly letters: LettersApi;
  readonly plans: PlansApi;
  readonly profiles: ProfilesApi;
  /** Titles on this device, in a chunk of its own. */
  readonly downloads: () => Promise<Downloads>;
  readonly outbox: BeaconOutbox;
  /** Last answers by key, shown at once while they are asked for again. One person's only. */
  readonly remembered: Map<string, unknown>;
}

export function createServices(config: Config): Services {
  const session = new Session({
    config,
    origin: location.origin,
    storage: sessionStorage,
    sharing: new BrowserTokenSharing(() => localStorage, navigator.locks, Date.now),
    deviceKey: () => deviceKey(localStorage),
    proofs: async () => (await import("./auth/proofs")).thisBrowsers,
    lastProfile: new LastProfile(() => localStorage),
    fetch: window.fetch.bind(window),
    now: Date.now,
    leave: (url) => location.assign(url),
  });
  const client = new ApiClient(config.api, session, window.fetch.bind(window));
  const remembered = new Map<string, unknown>();
  let watching = session.whoWatches()?.profileId;
  const lastViewer = new LastViewer(() => localStorage);
  followViewer(session, lastViewer);
  const viewer = (): Viewer | null => session.whoWatches() ?? lastViewer.read();
  const account = (): string | null => viewer()?.accountId ?? null;
  session.subscribe(() => {
    const now = session.whoWatches()?.profileId;
    if (session.status() !== "signed-in" || now !== watching) remembered.clear();
    watching = now;
    // What a tab keeps is one person's only.
    if (session.status() === "signed-out") sessionStorage.clear();
  });
  const capabilities = new Capabilities(thisBrowser(), {
    // Looked up each time: where storage is forbidden, its very name throws.
    getItem: (name) => localStorage.getItem(name),
    setItem: (name, value) => localStorage.setItem(name, value),
  });
  // Once a picture plays: nothing that a first frame would wait for.
  document.addEventListener("playing", () => void capabilities.find(), { capture: true, once: true });
  const playback = new PlaybackApi(client, Date.now, location.origin, window.fetch.bind(window), () =>
    capabilities.describe(),
  );
  const whose = (): string | null => session.whoWatches()?.profileId ?? null;
  const reachedHere = new ReachedHere(sessionStorage, whose, Date.now);
  const progress = new ProgressApi(client, reachedHere);
  const profiles = new ProfilesApi(client, sessionStorage);
  const language = (): string | null => profiles.face(whose() ?? "")?.language ?? null;
  const teller = new ApiClient(config.beacons, session, window.fetch.bind(window));
  const outbox = beaconOutbox(session, new BeaconsApi(teller, Date.now), account);
  const downloads = once(async () => {
    const [{ Downloads, FILES }, { DownloadsApi }, { Vault }] = await Promise.all([
      import("./downloads/downloads"),
      import("./downloads/api"),
      import("./downloads/vault"),
    ]);
    return new Downloads({
      api: new DownloadsApi(client, () => capabilities.describe()),
      viewer,
      vault: new Vault(),
      files: FILES,
      locks: navigator.locks,
      now: Date.now,
    });
  });
  settleWhenSignedIn(session, downloads);
  return {
    session,
    accountUrl: `${config.issuer}/account`,
    titles: new TitlesApi(client),
    progress,
    history: new HistoryApi(client),
    reachedHere,
    playback,
    openings: new Openings(
      (titleId, fromStart) =>
        new Playback(titleId, fromStart, { playback, progress, outbox, reachedHere, language }),
    ),
    assets: new AssetsApi(client),
    uploads: new UploadsApi(client),
    devices: new DevicesApi(client),
    outbox,
    downloads,
    members: new MembersApi(client),
    letters: new LettersApi(client),
    plans: new PlansApi(client),
    profiles,
    remembered,
  };
}

/** Whose this browser's things are, until they sign out: see LastViewer. */
function followViewer(session: Session, lastViewer: LastViewer): void {
  let accountId: string | undefined;
  const follow = (): void => {
    const now = session.whoWatches();
    if (now !== null) lastViewer.keep(now);
    else if (session.status() === "signed-out" && accountId !== undefined) {
      lastViewer.forget(accountId);
    }
    accountId = now?.accountId ?? accountId;
  };
  session.subscribe(follow);
  follow();
}

/** Not in the first moment, when a page has better things to ask for. */
const SETTLE_AFTER_MS = 2_000;

/** Gives back what an account owes of downloads, whichever page it comes to. */
function settleWhenSignedIn(session: Session, downloads: () => Promise<Downloads>): void {
  let accountId: string | undefined;
  const follow = (): void => {
    const before = accountId;
    accountId = session.whoWatches()?.accountId;
    if (accountId === undefined || accountId === before || owed.all(accountId).length === 0) return;
    const settle = async (): Promise<void> => (await downloads()).settle();
    // What cannot be given back now is, with the next visit.
    setTimeout(() => void settle().catch(() => undefined), SETTLE_AFTER_MS);
  };
  session.subscribe(follow);
  follow();
}

/** Sends what waits as soon as somebody is signed in, and when the network is back. */
function beaconOutbox(
  session: Session,
  beacons: BeaconsApi,
  account: () => string | null,
): BeaconOutbox {
  const outbox = new BeaconOutbox(
    beacons,
    () => localStorage,
    Date.now,
    Math.random,
    account,
    navigator.locks,
  );
  let status: SessionStatus = "signed-out";
  const follow = (): void => {
    const before = status;
    status = session.status();
    if (status === before) return;
    if (status === "signed-in") outbox.sendKept();
    if (status === "signed-out") outbox.rest();
  };
  session.subscribe(follow);
  follow();
  window.addEventListener("online", () => {
    if (status === "signed-in") outbox.sendKept();
  });
  return outbox;
}

function once<Value>(make: () => Promise<Value>): () => Promise<Value> {
  let made: Promise<Value> | null = null;
  return () => (made ??= make());
}
