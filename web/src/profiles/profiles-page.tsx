/** Who watches: choosing, and keeping who there is to choose from. */
import { type ReactNode, useCallback, useEffect, useState } from "react";
import type { Household } from "../api/profiles";
import { LoadFailure } from "../catalog/load-failure";
import { SiteHeader } from "../catalog/site-header";
import type { ProfilesView } from "../routing";
import { useServices } from "../services";
import { Message } from "../ui/message";
import { Link } from "../ui/link";
import { offerFirstAction } from "../ui/focus";
import { Spinner } from "../ui/spinner";
import { Choose } from "./choose";
import { Editor } from "./editor";
import { Manage } from "./manage";
import "./profiles.css";

export default function ProfilesPage({ view }: { readonly view: ProfilesView }): ReactNode {
  const { profiles: api } = useServices();
  const [household, setHousehold] = useState<Household | null>(null);
  const [failure, setFailure] = useState<unknown>(null);
  const load = useCallback(
    async (signal?: AbortSignal): Promise<void> => {
      try {
        setHousehold(await api.all(signal));
        setFailure(null);
      } catch (error) {
        if (signal?.aborted !== true) setFailure(error);
      }
    },
    [api],
  );
  // Each page shows what the one before it has changed.
  useEffect(() => {
    const leaving = new AbortController();
    void load(leaving.signal);
    return () => leaving.abort();
  }, [load, view]);
  const isThere = household !== null;
  useEffect(() => {
    if (isThere) offerFirstAction();
  }, [isThere]);

  if (household === null) {
    return (
      <Framed>
        {failure === null ? (
          <Spinner label="Loading the profiles" />
        ) : (
          <LoadFailure error={failure} retry={() => void load()} />
        )}
      </Framed>
    );
  }
  if (view === "choose") return <Choose household={household} />;
  if (view === "manage") return <Framed><Manage household={household} /></Framed>;
  if (view === "new") return <Framed><Editor key="new" household={household} profile={null} /></Framed>;
  const profile = household.profiles.find(({ profileId }) => profileId === view.profileId);
  if (profile === undefined) {
    return (
      <Message title="There is no such profile" detail="It may have been deleted.">
        <Link to="/profiles/manage" className="button button-primary">
          Manage profiles
        </Link>
      </Message>
    );
  }
  return <Framed><Editor key={profile.profileId} household={household} profile={profile} /></Framed>;
}

function Framed({ children }: { readonly children: ReactNode }): ReactNode {
  return (
    <>
      <SiteHeader />
      <main id="main" className="profiles" tabIndex={-1}>
        {children}
      </main>
    </>
  );
}
