/** Asks for the PIN that opens a title above the profile's age limit. */
import { type ReactNode, useEffect } from "react";
import { useServices } from "../services";
import { useProof } from "./proof-dialog";

interface Props {
  readonly titleId: string;
  /** The next start is let through. */
  readonly onOpened: () => void;
  /** It was not to be: why, or empty when nobody wants it any more. */
  readonly onClosed: (error: unknown) => void;
}

export default function OpenTitle({ titleId, onOpened, onClosed }: Props): ReactNode {
  const { profiles, playback, session } = useServices();
  const { guarded, dialog } = useProof(() => onClosed(null));
  useEffect(() => {
    const profileId = session.whoWatches()?.profileId ?? "";
    guarded("Watch this title", async (proof) => {
      playback.open(titleId, await profiles.openTitle(profileId, titleId, proof));
      onOpened();
    }).catch(onClosed);
    // Once for each time that it is shown.
  }, []);
  return dialog;
}
