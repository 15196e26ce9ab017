/** Where this deployment lives, read at start from /config.json: one build serves every environment. */

export interface Config {
  /** Address of the OAuth issuer, without a trailing slash. */
  readonly issuer: string;
  readonly clientId: string;
  /** Path of the API on this same origin, without a trailing slash. */
  readonly api: string;
  /** Where players tell what happens in a play, past the edge: an address of its own. */
  readonly beacons: string;
}

export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

/** Checks the document; throws ConfigError naming the field that is missing. */
export function parseConfig(document: unknown): Config {
  const fields = (typeof document === "object" && document !== null ? document : {}) as Record<
    string,
    unknown
  >;
  const text = (name: string): string => {
    const value = fields[name];
    if (typeof value !== "string" || value === "") {
      throw new ConfigError(`/config.json has no "${name}"`);
    }
    return value.replace(/\/$/, "");
  };
  return { issuer: text("issuer"), clientId: text("client_id"), api: text("api"), beacons: text("beacons") };
}

export async function loadConfig(): Promise<Config> {
  const response = await fetch("/config.json");
  if (!response.ok) throw new ConfigError(`/config.json answered ${response.status}`);
  return parseConfig(await response.json());
}
