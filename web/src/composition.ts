/** The composition root: builds what the pages use, once. Knows no page. */
import { AssetsApi } from "./api/assets";
import { ApiClient } from "./api/client";
import { DevicesApi } from "./api/devices";
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
import { Session } from "./auth/session";
import { BrowserTokenSharing } from "./auth/shared-tokens";
import type { Config } from "./config";
import { Capabilities, thisBrowser } from "./player/capabilities";
import { Openings } from "./player/openings";
import { Playback } from "./player/playback";

export interface Services {
  readonly session: Session;
  /** Where an owner changes the account; a page of the issuer's, which asks for the password. */
  readonly accountUrl: string;
  readonly titles: TitlesApi;
  readonly progress: ProgressApi;
  readonly openings: Openings;
  readonly assets: AssetsApi;
  readonly uploads: UploadsApi;
  readonly devices: DevicesApi;
  readonly members: MembersApi;
  readonly letters: LettersApi;
  readonly plans: PlansApi;
  readonly profiles: ProfilesApi;
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
    lastProfile: new LastProfile(() => localStorage),
    fetch: window.fetch.bind(window),
    now: Date.now,
    leave: (url) => location.assign(url),
  });
  const client = new ApiClient(config.api, session, window.fetch.bind(window));
  const remembered = new Map<string, unknown>();
  let watching = session.whoWatches()?.profileId;
  session.subscribe(() => {
    const now = session.whoWatches()?.profileId;
    if (session.status() !== "signed-in" || now !== watching) remembered.clear();
    watching = now;
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
  const progress = new ProgressApi(client, () => new Date());
  const keepFresh = (): (() => void) => session.keepFresh();
  return {
    session,
    accountUrl: `${config.issuer}/account`,
    titles: new TitlesApi(client),
    progress,
    openings: new Openings(
      (titleId, fromStart) => new Playback(titleId, fromStart, { playback, progress, keepFresh }),
    ),
    assets: new AssetsApi(client),
    uploads: new UploadsApi(client),
    devices: new DevicesApi(client),
    members: new MembersApi(client),
    letters: new LettersApi(client),
    plans: new PlansApi(client),
    profiles: new ProfilesApi(client, sessionStorage),
    remembered,
  };
}
