/** The places that this tab has told of a moment ago, as long as the service may not know them. */
import type { Progress } from "../api/progress";

/** From the gateway through the stream into the table; seconds, unless something is wrong. */
export const TOLD_MS = 120_000;

const NAME = "marquee.told-places";

export class ReachedHere {
  constructor(
    private readonly storage: Pick<Storage, "getItem" | "setItem">,
    /** Whose profile it is; another's places are nobody's business. Null for nobody. */
    private readonly whose: () => string | null,
    private readonly now: () => number,
  ) {}

  tell(place: Progress): void {
    this.#keep([...this.all().filter(({ titleId }) => titleId !== place.titleId), place]);
  }

  forget(titleId: string | null): void {
    this.#keep(titleId === null ? [] : this.all().filter((place) => place.titleId !== titleId));
  }

  readonly all = (): readonly Progress[] => {
    try {
      const kept = JSON.parse(this.storage.getItem(NAME) ?? "null") as Kept | null;
      if (kept === null || kept.whose !== this.whose()) return [];
      return kept.places.filter(({ recordedAt }) => recordedAt > this.now() - TOLD_MS);
    } catch {
      return [];
    }
  };

  #keep(places: readonly Progress[]): void {
    const whose = this.whose();
    if (whose === null) return;
    try {
      this.storage.setItem(NAME, JSON.stringify({ whose, places } satisfies Kept));
    } catch {
      // Without it a page may show the old place for a moment.
    }
  }
}

interface Kept {
  readonly whose: string;
  readonly places: readonly Progress[];
}
