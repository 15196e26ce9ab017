import { expect, test } from "vitest";
import type { Reached } from "../api/progress";
import { PlaceKeeper } from "./place-keeper";

class FakeWriter {
  readonly kept: Reached[] = [];
  readonly keptLeaving: Reached[] = [];

  async keep(_titleId: string, reached: Reached): Promise<void> {
    this.kept.push(reached);
  }

  keepWhileLeaving(_titleId: string, reached: Reached): void {
    this.keptLeaving.push(reached);
  }
}

function keeper() {
  const writer = new FakeWriter();
  return { writer, place: new PlaceKeeper("ttl_1", writer) };
}

test("a play that never showed a picture leaves the old place alone", async () => {
  const { writer, place } = keeper();

  await place.keep();
  place.keepWhileLeaving();

  expect([writer.kept, writer.keptLeaving]).toEqual([[], []]);
});

test("a pause keeps the place reached", async () => {
  const { writer, place } = keeper();
  place.moved(12.345, 60);

  await place.keep();

  expect(writer.kept).toEqual([{ positionSeconds: 12.3, durationSeconds: 60 }]);
});

test("leaving right after a pause writes nothing twice", async () => {
  const { writer, place } = keeper();
  place.moved(12.3, 60);
  await place.keep();

  place.keepWhileLeaving();
  place.moved(13.1, 60);
  place.keepWhileLeaving();

  expect(writer.keptLeaving).toEqual([{ positionSeconds: 13.1, durationSeconds: 60 }]);
});

test("a place never lies outside the title", async () => {
  const { writer, place } = keeper();
  place.moved(60.07, 60.04);

  await place.keep();

  expect(writer.kept).toEqual([{ positionSeconds: 60, durationSeconds: 60 }]);
});

test("nonsense from the element is not a place", async () => {
  const { writer, place } = keeper();
  place.moved(Number.NaN, 60);
  place.moved(5, 0);

  await place.keep();

  expect(writer.kept).toEqual([]);
});
