/** A database of this browser's. Knows no table; where nothing can be kept, each question fails. */

export class BrowserDatabase {
  #opened: Promise<IDBDatabase> | null = null;

  constructor(
    private readonly name: string,
    /** Of a database that is new: what is in it. */
    private readonly make: (database: IDBDatabase) => void,
  ) {}

  async ask<Answer>(
    store: string,
    mode: IDBTransactionMode,
    question: (store: IDBObjectStore) => IDBRequest,
  ): Promise<Answer> {
    const database = await (this.#opened ??= this.#open());
    return new Promise((resolve, reject) => {
      const transaction = database.transaction(store, mode);
      const request = question(transaction.objectStore(store));
      transaction.oncomplete = () => resolve(request.result as Answer);
      transaction.onabort = () => reject(transaction.error ?? request.error);
    });
  }

  /** Made when it is first asked for; two tabs at once agree on the one that was kept first. */
  async once<Kept>(store: string, name: string, make: () => Promise<Kept>): Promise<Kept> {
    const kept = await this.ask<Kept | undefined>(store, "readonly", (s) => s.get(name));
    if (kept !== undefined) return kept;
    const made = await make();
    await this.ask(store, "readwrite", (s) => s.add(made, name)).catch(() => undefined);
    const agreed = await this.ask<Kept | undefined>(store, "readonly", (s) => s.get(name));
    if (agreed === undefined) throw new DOMException(`${name} was not kept.`, "DataError");
    return agreed;
  }

  #open(): Promise<IDBDatabase> {
    return new Promise((resolve, reject) => {
      const request = indexedDB.open(this.name, 1);
      request.onupgradeneeded = () => this.make(request.result);
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => {
        this.#opened = null;
        reject(request.error);
      };
    });
  }
}
