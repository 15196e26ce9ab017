/** Who there is to choose from, and the way to change each. */
import type { ReactNode } from "react";
import { type Household, MOST_PROFILES } from "../api/profiles";
import { profilePath } from "../routing";
import { pictureOf } from "../ui/avatars";
import { useDocumentTitle } from "../ui/document-title";
import { Link } from "../ui/link";
import { profileWords } from "./words";

export function Manage({ household }: { readonly household: Household }): ReactNode {
  useDocumentTitle("Profiles");
  const hasRoom = household.profiles.length < MOST_PROFILES;
  return (
    <>
      <h1>Profiles</h1>
      <p className="profiles-lead">
        Each has its own place in every film, its own history and its own limit.
      </p>
      <ul className="profiles-list">
        {household.profiles.map((profile) => (
          <li key={profile.profileId} className="profile" data-testid="profile">
            <img src={pictureOf(profile.avatar)} alt="" width="96" height="96" />
            <div className="profile-words">
              <h2>
                <bdi>{profile.name}</bdi>
              </h2>
              <p>
                {profileWords(profile)}
                {profile.profileId === household.current && " · watching now"}
              </p>
            </div>
            <Link
              className="button"
              to={profilePath(profile.profileId)}
              aria-label={`Edit ${profile.name}`}
            >
              Edit
            </Link>
          </li>
        ))}
      </ul>
      <div className="profiles-actions">
        {hasRoom ? (
          <Link className="button button-primary" to="/profiles/new" data-first-action>
            Add profile
          </Link>
        ) : (
          <p className="profiles-lead">An account has at most {MOST_PROFILES} profiles.</p>
        )}
        <Link className="button" to="/profiles">
          Switch profile
        </Link>
      </div>
    </>
  );
}
