/** Whether an account keeps titles in this browser: known at once, for the link that leads to them. */
const NAME = "marquee.keeps-titles.";

export function keepsTitles(accountId: string | undefined): boolean {
  try {
    return accountId !== undefined && localStorage.getItem(NAME + accountId) !== null;
  } catch {
    return false;
  }
}

export function noteKeepsTitles(accountId: string, keeps: boolean): void {
  try {
    if (keeps) localStorage.setItem(NAME + accountId, "yes");
    else localStorage.removeItem(NAME + accountId);
  } catch {
    // Where storage is forbidden the link is not shown; the address works.
  }
}
