/** Who watches, and the way to somebody else. */
import { type ReactNode, useEffect, useState } from "react";
import { useServices, useWhoWatches } from "../services";
import { pictureOf } from "../ui/avatars";
import { Link } from "../ui/link";
import "./profile-link.css";

export function ProfileLink(): ReactNode {
  const { profiles } = useServices();
  const profileId = useWhoWatches()?.profileId;
  const [, setToldAt] = useState(0);
  const face = profileId === undefined ? null : profiles.face(profileId);
  const isKnown = face !== null;
  useEffect(() => {
    if (profileId === undefined || isKnown) return undefined;
    const leaving = new AbortController();
    // Without it the page is as good; only the picture is missing.
    profiles.all(leaving.signal).then(() => setToldAt(Date.now()), () => undefined);
    return () => leaving.abort();
  }, [profiles, profileId, isKnown]);

  return (
    <Link to="/profiles" className="profile-link" aria-label={words(face?.name)}>
      {face === null ? (
        <span className="profile-link-picture" />
      ) : (
        <img className="profile-link-picture" src={pictureOf(face.avatar)} alt="" />
      )}
    </Link>
  );
}

const words = (name: string | undefined): string =>
  name === undefined ? "Switch profile" : `Switch profile, ${name} is watching`;
