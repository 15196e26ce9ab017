/**
 * Places on the service that this browser has taken and keeps no title for: of those that were
 * removed while it could not be told, and of those that were not fetched to their end. By account.
 */
const OWED = "marquee.owed-downloads.";

export const owed = {
  all: (accountId: string): readonly string[] => {
    try {
      return JSON.parse(localStorage.getItem(OWED + accountId) ?? "[]") as string[];
    } catch {
      return [];
    }
  },
  add: (accountId: string, id: string): void => {
    const all = [...owed.all(accountId).filter((one) => one !== id), id];
    localStorage.setItem(OWED + accountId, JSON.stringify(all));
  },
  delete: (accountId: string, id: string): void => {
    const left = owed.all(accountId).filter((one) => one !== id);
    if (left.length > 0) localStorage.setItem(OWED + accountId, JSON.stringify(left));
    else localStorage.removeItem(OWED + accountId);
  },
};
