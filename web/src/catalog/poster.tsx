import { type ReactNode, useState } from "react";

interface Props {
  readonly title: { readonly name: string; readonly posterUrl: string | null };
}

/** The title's picture, or its name on plain ground while there is none. Decorative: the name is beside it. */
export function Poster({ title }: Props): ReactNode {
  const [isMissing, setMissing] = useState(title.posterUrl === null);
  if (isMissing || title.posterUrl === null) {
    return (
      <span className="poster poster-missing" aria-hidden="true">
        <span className="poster-name" dir="auto">
          {title.name}
        </span>
      </span>
    );
  }
  return (
    <img
      className="poster"
      src={title.posterUrl}
      alt=""
      loading="lazy"
      decoding="async"
      onError={() => setMissing(true)}
    />
  );
}
