/** From which age a film may be watched, and another age at once. */
import { type ReactNode, useState } from "react";
import type { AssetDetail } from "../api/assets";
import { useServices } from "../services";
import { useAnnounce } from "./announcer";
import { errorWords } from "../ui/error-words";
import type { Feed } from "./feed";

/** Germany's FSK; other countries' ratings are mapped onto it. */
export const AGES = [0, 6, 12, 16, 18] as const;

interface Props {
  readonly detail: AssetDetail;
  readonly feed: Feed;
}

export function AgeRating({ detail, feed }: Props): ReactNode {
  const { assets } = useServices();
  const announce = useAnnounce();
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState("");
  const { assetId, name, maturity } = detail;
  // What an API client has set need not be one of ours.
  const ages = AGES.some((age) => age === maturity) ? AGES : [maturity, ...AGES];

  const rate = (age: number): void => {
    setBusy(true);
    setProblem("");
    assets
      .rate(assetId, age)
      .then(
        (rated) => {
          feed.learn(rated);
          announce(`${name} is for ${age} and older.`);
        },
        (error: unknown) => setProblem(errorWords(error)),
      )
      .finally(() => setBusy(false));
  };
  return (
    <>
      <select
        className="text-input"
        aria-label={`Age rating of ${name}`}
        value={maturity}
        disabled={isBusy}
        onChange={(event) => rate(Number(event.target.value))}
      >
        {ages.map((age) => (
          <option key={age} value={age}>
            {age}
          </option>
        ))}
      </select>
      {problem !== "" && (
        <span className="fault" role="alert">
          {problem}
        </span>
      )}
    </>
  );
}
