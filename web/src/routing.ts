/** Which page an address means, and moving between pages without reloading. Knows no page. */
import { useSyncExternalStore } from "react";

export type Route =
  | { readonly page: "home" }
  | { readonly page: "callback" }
  | { readonly page: "staff" }
  | { readonly page: "members" }
  | { readonly page: "account" }
  | { readonly page: "devices" }
  | { readonly page: "history" }
  /** `watched` is a download's id; null for all of them. */
  | { readonly page: "downloads"; readonly watched: string | null }
  | { readonly page: "profiles"; readonly view: ProfilesView }
  | { readonly page: "title"; readonly titleId: string }
  | { readonly page: "watch"; readonly titleId: string }
  | { readonly page: "not-found" };

/** Choosing who watches, the list of who may be changed, a new profile, or one of them by its id. */
export type ProfilesView = "choose" | "manage" | "new" | { readonly profileId: string };

/** An id is one path segment of the characters the API makes ids from; all else is not found. */
const ID = "([A-Za-z0-9_-]{1,64})";
const TITLE = new RegExp(`^/title/${ID}/?$`);
const PROFILE = new RegExp(`^/profiles/${ID}/?$`);
const DOWNLOAD = new RegExp(`^/downloads/${ID}/?$`);
const WATCH = new RegExp(`^/watch/${ID}/?$`);

export function matchRoute(pathname: string): Route {
  if (pathname === "/" || pathname === "/index.html") return { page: "home" };
  if (pathname === "/callback") return { page: "callback" };
  if (/^\/staff\/?$/.test(pathname)) return { page: "staff" };
  if (/^\/staff\/members\/?$/.test(pathname)) return { page: "members" };
  if (/^\/account\/?$/.test(pathname)) return { page: "account" };
  if (/^\/devices\/?$/.test(pathname)) return { page: "devices" };
  if (/^\/history\/?$/.test(pathname)) return { page: "history" };
  if (/^\/downloads\/?$/.test(pathname)) return { page: "downloads", watched: null };
  const download = DOWNLOAD.exec(pathname)?.[1];
  if (download !== undefined) return { page: "downloads", watched: download };
  if (/^\/profiles\/?$/.test(pathname)) return { page: "profiles", view: "choose" };
  const profile = PROFILE.exec(pathname)?.[1];
  if (profile !== undefined) return { page: "profiles", view: profilesView(profile) };
  const title = TITLE.exec(pathname)?.[1];
  if (title !== undefined) return { page: "title", titleId: title };
  const watch = WATCH.exec(pathname)?.[1];
  if (watch !== undefined) return { page: "watch", titleId: watch };
  return { page: "not-found" };
}

function profilesView(part: string): ProfilesView {
  return part === "manage" || part === "new" ? part : { profileId: part };
}

export const profilePath = (profileId: string): string =>
  `/profiles/${encodeURIComponent(profileId)}`;

/** Where it is chosen who watches, and then gone on to `to`. */
export function choosePath(to: string): string {
  return to === "/" ? "/profiles" : `/profiles?${new URLSearchParams({ to })}`;
}

/** Whether a page is for staff: signing in there asks for their access. */
export const isForStaff = ({ page }: Route): boolean => page === "staff" || page === "members";

export const titlePath = (titleId: string): string => `/title/${encodeURIComponent(titleId)}`;

/** `fromStart` plays from the first frame whatever was watched before. */
export function watchPath(titleId: string, options: { fromStart?: boolean } = {}): string {
  return `/watch/${encodeURIComponent(titleId)}${options.fromStart === true ? "?from=start" : ""}`;
}

/** Whether a path with its query plays from the first frame. */
export function isFromStart(path: string): boolean {
  return new URLSearchParams(path.split("?")[1]).get("from") === "start";
}

/** A path of this app that is safe to return to after sign-in; anything else becomes home. */
export function safeReturnPath(path: string): string {
  const isLocal = path.startsWith("/") && !path.startsWith("//") && !path.startsWith("/\\");
  return isLocal && matchRoute(path.split(/[?#]/, 1)[0] ?? "").page !== "callback" ? path : "/";
}

/** Where "back" leads somebody who came straight to a page; null where there is nothing above. */
export function parentPath(route: Route): string | null {
  switch (route.page) {
    case "watch":
      return titlePath(route.titleId);
    case "members":
      return "/staff";
    case "title":
    case "account":
    case "devices":
    case "history":
    case "not-found":
      return "/";
    case "downloads":
      return route.watched === null ? "/" : "/downloads";
    case "profiles":
      if (route.view === "choose") return "/";
      return route.view === "manage" ? "/profiles" : "/profiles/manage";
    default:
      return null;
  }
}

const MOVED = "marquee:moved";

/** What the browser's history keeps for us with each page. */
interface Visit {
  /** How many pages of this app lie before it. */
  readonly depth: number;
  /** The address of the link that was followed from it, to have the focus again on return. */
  readonly followed?: string;
}

export function currentVisit(): Visit {
  const kept = history.state as Partial<Visit> | null;
  return { ...kept, depth: kept?.depth ?? 0 };
}

export function navigate(path: string, options: { replace?: boolean } = {}): void {
  const { depth } = currentVisit();
  if (options.replace === true) history.replaceState({ depth }, "", path);
  else {
    history.replaceState({ depth, followed: path }, "");
    history.pushState({ depth: depth + 1 }, "", path);
  }
  window.dispatchEvent(new Event(MOVED));
}

/** To the page before this one; to `parent` when the person came from elsewhere. */
export function goBack(parent: string): void {
  if (currentVisit().depth > 0) history.back();
  else navigate(parent, { replace: true });
}

/** Calls at each change of the address, in the order of subscribing; returns how to stop. */
export function onMoved(listener: () => void): () => void {
  window.addEventListener("popstate", listener);
  window.addEventListener(MOVED, listener);
  return () => {
    window.removeEventListener("popstate", listener);
    window.removeEventListener(MOVED, listener);
  };
}

/** The current path with its query; renders again when it changes. */
export function usePath(): string {
  return useSyncExternalStore(onMoved, () => location.pathname + location.search);
}
