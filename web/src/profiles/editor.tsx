/** A new profile, or one as it is to be. */
import { type FormEvent, type ReactNode, useId, useRef, useState } from "react";
import { ApiError } from "../api/problem";
import type { Household, Profile, Wanted } from "../api/profiles";
import { navigate } from "../routing";
import { useServices } from "../services";
import { errorWords } from "../ui/error-words";
import { AVATARS } from "../ui/avatars";
import { ConfirmDialog } from "../ui/confirm-dialog";
import { useDocumentTitle } from "../ui/document-title";
import { Link } from "../ui/link";
import { Choices, Switch } from "./choices";
import { PIN_DIGITS } from "./pin-field";
import { useProof } from "./proof-dialog";
import { AGES, EVERYTHING, KIDS_LIMIT, languagesWith, languageWords, limitWords } from "./words";

const LONGEST_NAME = 30;
const MANAGE = "/profiles/manage";

interface Props {
  readonly household: Household;
  /** Null for a new one. */
  readonly profile: Profile | null;
}

export function Editor({ household, profile }: Props): ReactNode {
  const { profiles: api, session } = useServices();
  const { guarded, dialog } = useProof();
  const [wanted, setWanted] = useState<Wanted>(() => begun(household, profile));
  const [isBusy, setBusy] = useState(false);
  const [isAsked, setAsked] = useState(false);
  const [fault, setFault] = useState<{ readonly words: string; readonly field: string } | null>(null);
  const name = useRef<HTMLInputElement>(null);
  const id = useId();
  const heading = profile === null ? "Add a profile" : `Edit ${profile.name}`;
  useDocumentTitle(heading);
  const change = (changes: Partial<Wanted>): void => setWanted({ ...wanted, ...changes });
  const isCurrent = profile?.profileId === household.current;
  const canDelete = profile !== null && !isCurrent && household.profiles.length > 1;

  const attempt = async (title: string, run: Parameters<typeof guarded>[1]): Promise<void> => {
    setBusy(true);
    setFault(null);
    try {
      await guarded(title, async (proof) => {
        await run(proof);
        navigate(MANAGE, { replace: true });
      });
    } catch (error) {
      const field = error instanceof ApiError ? error.facts["field"] : undefined;
      setFault({ words: errorWords(error), field: typeof field === "string" ? field : "" });
      if (field === "name") name.current?.focus();
    } finally {
      setBusy(false);
    }
  };
  const save = (event: FormEvent): void => {
    event.preventDefault();
    void attempt(profile === null ? "Add a profile" : `Change ${profile.name}`, async (proof) => {
      if (profile === null) await api.create(wanted, proof);
      else await api.change(profile.profileId, wanted, proof);
      // What this session may see is in its token.
      if (isCurrent) await session.renew();
    });
  };
  const remove = ({ profileId, name: gone }: Profile): void => {
    setAsked(false);
    void attempt(`Delete ${gone}`, (proof) => api.delete(profileId, proof));
  };

  return (
    <>
      <h1>
        <bdi>{heading}</bdi>
      </h1>
      <form className="editor" onSubmit={save}>
        <div className="entry">
          <label htmlFor={`${id}-name`}>Name</label>
          <input
            ref={name}
            id={`${id}-name`}
            type="text"
            value={wanted.name}
            maxLength={LONGEST_NAME}
            autoComplete="off"
            required
            data-first-action
            aria-invalid={fault?.field === "name"}
            aria-describedby={fault === null ? undefined : `${id}-fault`}
            onChange={(event) => change({ name: event.target.value })}
          />
        </div>
        <Choices
          className="pictures"
          label="Picture"
          choices={Object.entries(AVATARS).map(([avatar, src]) => ({
            value: avatar,
            words: <img src={src} alt={avatar} width="96" height="96" />,
          }))}
          chosen={wanted.avatar}
          onChoose={(avatar) => change({ avatar })}
        />
        <Switch
          label="A child watches"
          detail={`Shows nothing for more than ${KIDS_LIMIT}, and takes a proof to leave.`}
          isOn={wanted.isKid}
          onSwitch={(isKid) =>
            change({ isKid, maturity: isKid ? Math.min(wanted.maturity, KIDS_LIMIT) : wanted.maturity })
          }
        />
        <Choices
          label="Age limit"
          choices={AGES.filter((age) => !wanted.isKid || age <= KIDS_LIMIT).map((age) => ({
            value: age,
            words: limitWords(age),
          }))}
          chosen={wanted.maturity}
          onChoose={(maturity) => change({ maturity })}
        />
        <Choices
          label="Language"
          choices={languagesWith(profile?.language ?? wanted.language).map((language) => ({
            value: language,
            words: <span lang={language}>{languageWords(language)}</span>,
          }))}
          chosen={wanted.language}
          onChoose={(language) => change({ language })}
        />
        <div className="entry">
          <label htmlFor={`${id}-pin`}>{profile?.hasPin === true ? "Another PIN" : "PIN"}</label>
          <input
            id={`${id}-pin`}
            className="editor-pin"
            type="password"
            inputMode="numeric"
            autoComplete="off"
            pattern={`[0-9]{${PIN_DIGITS}}`}
            maxLength={PIN_DIGITS}
            title={`${PIN_DIGITS} digits`}
            value={wanted.pin ?? ""}
            disabled={wanted.pin === "" && profile?.hasPin === true}
            aria-describedby={`${id}-pin-about`}
            onChange={(event) => change({ pin: event.target.value === "" ? null : event.target.value })}
          />
          <p id={`${id}-pin-about`} className="entry-about">
            Four digits that are asked for before somebody watches here. Empty, it stays as it is.
          </p>
          {profile?.hasPin === true && (
            <Switch
              label="Remove the PIN"
              isOn={wanted.pin === ""}
              onSwitch={(removes) => change({ pin: removes ? "" : null })}
            />
          )}
        </div>
        <p id={`${id}-fault`} className="entry-fault" role="alert">
          {fault?.words}
        </p>
        <div className="profiles-actions">
          <button className="button button-primary" type="submit" aria-busy={isBusy}>
            Save
          </button>
          <Link className="button" to={MANAGE}>
            Cancel
          </Link>
          {canDelete && (
            <button className="button button-danger" type="button" onClick={() => setAsked(true)}>
              Delete profile
            </button>
          )}
        </div>
      </form>
      {isAsked && profile !== null && (
        <ConfirmDialog
          title={`Delete ${profile.name}?`}
          act="Delete profile"
          keep="Cancel"
          isBusy={isBusy}
          onAct={() => remove(profile)}
          onKeep={() => setAsked(false)}
        >
          <p>
            Its history and its places in films go with it. Devices that watch as{" "}
            <bdi>{profile.name}</bdi> are signed out.
          </p>
        </ConfirmDialog>
      )}
      {dialog}
    </>
  );
}

/** A new one looks like nobody else of the household. */
function begun({ profiles }: Household, profile: Profile | null): Wanted {
  if (profile !== null) {
    const { name, avatar, language, maturity, isKid } = profile;
    return { name, avatar, language, maturity, isKid, pin: null };
  }
  const taken = new Set(profiles.map(({ avatar }) => avatar));
  const [avatar = "reel"] = Object.keys(AVATARS).filter((each) => !taken.has(each));
  const language = profiles[0]?.language ?? "en";
  return { name: "", avatar, language, maturity: EVERYTHING, isKid: false, pin: null };
}
