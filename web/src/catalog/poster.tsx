import { type ReactNode, useState } from "react";
import type { Title } from "../api/titles";

/** The title's picture, or its name on plain ground while there is none. Decorative: the name is beside it. */
export function Poster({ title }: { readonly title: Title }): ReactNode {
  const [isMissing, setMissing] = useState(title.posterUrl === null);
  if (isMissing || title.posterUrl === null) {
    return (
      <span className="poster poster-missing" aria-hidden="true">
        {title.name}
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
