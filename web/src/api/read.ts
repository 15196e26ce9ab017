/** Reads fields of an answer once, at the edge, so that the rest of the app can trust its types. */

export class UnexpectedAnswer extends Error {
  override readonly name = "UnexpectedAnswer";
}

export class Fields {
  readonly #value: Record<string, unknown>;

  constructor(
    value: unknown,
    private readonly what: string,
  ) {
    if (typeof value !== "object" || value === null) {
      throw new UnexpectedAnswer(`${what} is not an object`);
    }
    this.#value = value as Record<string, unknown>;
  }

  text(name: string): string {
    const value = this.#value[name];
    if (typeof value !== "string") throw new UnexpectedAnswer(`${this.what} has no text ${name}`);
    return value;
  }

  textOrNull(name: string): string | null {
    const value = this.#value[name];
    return typeof value === "string" && value !== "" ? value : null;
  }

  number(name: string): number {
    const value = this.#value[name];
    if (typeof value !== "number" || !Number.isFinite(value)) {
      throw new UnexpectedAnswer(`${this.what} has no number ${name}`);
    }
    return value;
  }

  flag(name: string): boolean {
    const value = this.#value[name];
    if (typeof value !== "boolean") throw new UnexpectedAnswer(`${this.what} has no flag ${name}`);
    return value;
  }

  numberOrNull(name: string): number | null {
    return this.#value[name] === null ? null : this.number(name);
  }

  numbers(name: string): number[] {
    const value = this.#value[name];
    if (!Array.isArray(value) || !value.every((item) => typeof item === "number")) {
      throw new UnexpectedAnswer(`${this.what} has no numbers ${name}`);
    }
    return value;
  }

  /** Every field, when all are texts. */
  texts(): Record<string, string> {
    for (const name of Object.keys(this.#value)) this.text(name);
    return this.#value as Record<string, string>;
  }

  fieldsOrNull(name: string): Fields | null {
    return this.#value[name] === null ? null : this.fields(name);
  }

  fields(name: string): Fields {
    return new Fields(this.#value[name], `${this.what}.${name}`);
  }

  list(name: string): Fields[] {
    const value = this.#value[name];
    if (!Array.isArray(value)) throw new UnexpectedAnswer(`${this.what} has no list ${name}`);
    return value.map((item) => new Fields(item, `${this.what}.${name}`));
  }
}
