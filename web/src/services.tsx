/** Hands what the composition root built down to the pages. */
import { createContext, useContext, useSyncExternalStore } from "react";
import type { SessionStatus } from "./auth/session";
import type { WhoWatches } from "./auth/who-watches";
import type { Services } from "./composition";

const Context = createContext<Services | null>(null);
export const ServicesProvider = Context.Provider;

export function useServices(): Services {
  const services = useContext(Context);
  if (services === null) throw new Error("useServices outside of ServicesProvider");
  return services;
}

export function useSessionStatus(): SessionStatus {
  const { session } = useServices();
  return useSyncExternalStore(session.subscribe, session.status);
}

/** Whose the films are that are shown; null while nobody is signed in. */
export function useWhoWatches(): WhoWatches | null {
  const { session } = useServices();
  return useSyncExternalStore(session.subscribe, session.whoWatches);
}
