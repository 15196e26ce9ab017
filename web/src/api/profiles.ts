/** Who of the household watches, what each may see, and what guards that. */
import type { ApiClient } from "./client";
import { Fields } from "./read";

export interface Profile {
  readonly profileId: string;
  readonly name: string;
  /** The name of a picture: see ui/avatars. */
  readonly avatar: string;
  /** A primary subtag of BCP 47. */
  readonly language: string;
  /** Titles for a higher age are not theirs to see. */
  readonly maturity: number;
  readonly isKid: boolean;
  readonly hasPin: boolean;
}

export interface Household {
  readonly profiles: readonly Profile[];
  /** Whose the session's next token is. */
  readonly current: string;
}

/** What a profile is to be. */
export interface Wanted {
  readonly name: string;
  readonly avatar: string;
  readonly language: string;
  readonly maturity: number;
  readonly isKid: boolean;
  /** Sets one; empty, takes it away; null leaves it. */
  readonly pin: string | null;
}

/** What shows that it is no child who asks. */
export type Proof = { readonly pin: string } | { readonly password: string } | null;

/** What pages and the player go by of who watches. */
export type Face = Pick<Profile, "profileId" | "name" | "avatar" | "language">;

const FACE = "marquee.face";

export const MOST_PROFILES = 5;

export class ProfilesApi {
  constructor(
    private readonly client: ApiClient,
    /** The tab's own: it ends with the sign-in that it belongs to. */
    private readonly storage: Pick<Storage, "getItem" | "setItem">,
  ) {}

  async all(signal?: AbortSignal): Promise<Household> {
    const answer = new Fields(await this.client.get("/profiles", signal), "profiles");
    const household = {
      profiles: answer.list("profiles").map(profileFrom),
      current: answer.text("current"),
    };
    const current = household.profiles.find(({ profileId }) => profileId === household.current);
    if (current !== undefined) this.#keepFace(current);
    return household;
  }

  /** From the session's next token on. */
  async enter(profileId: string, proof: Proof): Promise<void> {
    const answer = await this.client.post(`${this.#path(profileId)}/enter`, proof ?? {});
    this.#keepFace(profileFrom(new Fields(answer, "profile")));
  }

  /** A grant to start one title above the age limit of the profile that watches. */
  async openTitle(profileId: string, titleId: string, proof: Proof): Promise<string> {
    const body = { title_id: titleId, ...proof };
    const answer = await this.client.post(`${this.#path(profileId)}/open-title`, body);
    return new Fields(answer, "opened title").text("pin_grant");
  }

  async create(wanted: Wanted, proof: Proof): Promise<void> {
    await this.client.post("/profiles", bodyOf(wanted, proof));
  }

  async change(profileId: string, wanted: Wanted, proof: Proof): Promise<void> {
    await this.client.patch(this.#path(profileId), bodyOf(wanted, proof));
  }

  async delete(profileId: string, proof: Proof): Promise<void> {
    await this.client.post(`${this.#path(profileId)}/delete`, proof ?? {});
  }

  /** As last told, without asking; null where it is not known. */
  face(profileId: string): Face | null {
    try {
      const face = JSON.parse(this.storage.getItem(FACE) ?? "null") as Face | null;
      return face?.profileId === profileId ? face : null;
    } catch {
      return null;
    }
  }

  #keepFace({ profileId, name, avatar, language }: Profile): void {
    try {
      this.storage.setItem(FACE, JSON.stringify({ profileId, name, avatar, language }));
    } catch {
      // Asked for again then.
    }
  }

  #path(profileId: string): string {
    return `/profiles/${encodeURIComponent(profileId)}`;
  }
}

function profileFrom(fields: Fields): Profile {
  return {
    profileId: fields.text("profile_id"),
    name: fields.text("name"),
    avatar: fields.text("avatar"),
    language: fields.text("language"),
    maturity: fields.number("maturity"),
    isKid: fields.flag("kids"),
    hasPin: fields.flag("has_pin"),
  };
}

function bodyOf({ isKid, pin, ...wanted }: Wanted, proof: Proof): object {
  return { ...wanted, kids: isKid, ...(pin === null ? {} : { pin }), proof };
}
