/** "Who's watching?" */
import { type ReactNode, useState } from "react";
import { type Household, MOST_PROFILES, type Profile } from "../api/profiles";
import { navigate, safeReturnPath } from "../routing";
import { useServices } from "../services";
import { errorWords } from "../ui/error-words";
import { pictureOf } from "../ui/avatars";
import { useDocumentTitle } from "../ui/document-title";
import { LockIcon, PlusIcon } from "../ui/icons";
import { Link } from "../ui/link";
import { Wordmark } from "../ui/wordmark";
import { useProof } from "./proof-dialog";

export function Choose({ household }: { readonly household: Household }): ReactNode {
  const { profiles: api, session } = useServices();
  const { guarded, dialog } = useProof();
  const [entering, setEntering] = useState("");
  const [fault, setFault] = useState("");
  useDocumentTitle("Who's watching?");
  const current = session.whoWatches()?.profileId ?? household.current;
  const to = safeReturnPath(new URLSearchParams(location.search).get("to") ?? "/");

  const enter = async ({ profileId, name }: Profile): Promise<void> => {
    setEntering(profileId);
    setFault("");
    try {
      await guarded(`Watch as ${name}`, async (proof) => {
        await api.enter(profileId, proof);
        await session.watchAs(profileId);
        navigate(to, { replace: true });
      });
    } catch (error) {
      setFault(errorWords(error));
    } finally {
      setEntering("");
    }
  };

  return (
    <>
      <header className="choose-header">
        <Link to={to} className="wordmark-link" aria-label="Marquee, home">
          <Wordmark />
        </Link>
      </header>
      <main id="main" className="profiles choose" tabIndex={-1} aria-busy={entering !== ""}>
        <h1>Who's watching?</h1>
        {fault !== "" && (
          <p className="entry-fault" role="alert">
            {fault}
          </p>
        )}
        <ul className="faces">
          {household.profiles.map((profile) => (
            <li key={profile.profileId}>
              <button
                className="face"
                type="button"
                aria-busy={entering === profile.profileId}
                aria-current={profile.profileId === current ? "true" : undefined}
                data-first-action={profile.profileId === current ? "" : undefined}
                onClick={() => void enter(profile)}
              >
                <img src={pictureOf(profile.avatar)} alt="" width="96" height="96" />
                <bdi className="face-name">{profile.name}</bdi>
                <span className="face-facts">
                  {profile.hasPin && (
                    <>
                      <LockIcon />
                      <span className="visually-hidden">PIN </span>
                    </>
                  )}
                  {profile.isKid && "Kids"}
                </span>
              </button>
            </li>
          ))}
          {household.profiles.length < MOST_PROFILES && (
            <li>
              <Link className="face" to="/profiles/new">
                <span className="face-add">
                  <PlusIcon />
                </span>
                <span className="face-name">Add profile</span>
              </Link>
            </li>
          )}
        </ul>
        <Link className="button" to="/profiles/manage">
          Manage profiles
        </Link>
      </main>
      {dialog}
    </>
  );
}
