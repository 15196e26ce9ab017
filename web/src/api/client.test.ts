import { expect, test } from "vitest";
import { IssuerUnreachable } from "../auth/session";
import { ApiClient } from "./client";
import { ApiError, ConnectionError } from "./problem";

interface Sent {
  readonly url: string;
  readonly init: RequestInit;
}

function clientThatGets(...answers: (Response | Error)[]) {
  const sent: Sent[] = [];
  let renewals = 0;
  const client = new ApiClient(
    "/v1",
    {
      accessToken: async () => "old",
      freshToken: () => null,
      renew: async () => {
        renewals += 1;
        return { access: "new" };
      },
      tokenAtHand: () => "old",
    },
    (async (url: string, init: RequestInit) => {
      sent.push({ url, init });
      const answer = answers.shift();
      if (answer === undefined || answer instanceof Error) throw answer ?? new Error("unexpected");
      return answer;
    }) as typeof fetch,
  );
  const bearer = (at: number): string | null =>
    new Headers(sent[at]?.init.headers).get("Authorization");
  return { client, sent, bearer, renewals: () => renewals };
}

const unauthorized = (): Response => Response.json({ message: "Unauthorized" }, { status: 401 });

test("a request carries the access token and this origin's cookies", async () => {
  const { client, sent, bearer } = clientThatGets(Response.json({ titles: [] }));

  expect(await client.get("/titles")).toEqual({ titles: [] });

  expect(sent[0]?.url).toBe("/v1/titles");
  expect(sent[0]?.init.credentials).toBe("same-origin");
  expect(bearer(0)).toBe("Bearer old");
});

test("a request carries an id, and a refusal says under which it is in the logs", async () => {
  const answer = Response.json({ message: "no" }, { status: 404, headers: { "x-correlation-id": "abc" } });
  const { client, sent } = clientThatGets(answer);

  await expect(client.get("/titles")).rejects.toMatchObject({ reference: "abc" });

  expect(new Headers(sent[0]?.init.headers).get("traceparent")).toMatch(/^00-[0-9a-f]{32}-/);
});

test("a refused token is renewed once and the request sent again", async () => {
  const { client, bearer, renewals } = clientThatGets(unauthorized(), Response.json({}));

  await client.get("/titles");

  expect(bearer(1)).toBe("Bearer new");
  expect(renewals()).toBe(1);
});

test("a second refusal is believed", async () => {
  const { client } = clientThatGets(unauthorized(), unauthorized());

  await expect(client.get("/titles")).rejects.toMatchObject({ status: 401 });
});

test("a problem keeps its code and its sentence", async () => {
  const problem = { code: "title_not_found", detail: "There is no such title.", status: 404 };
  const { client } = clientThatGets(
    new Response(JSON.stringify(problem), {
      status: 404,
      headers: { "Content-Type": "application/problem+json" },
    }),
  );

  const failed = client.get("/titles/x");

  await expect(failed).rejects.toThrow(ApiError);
  await expect(failed).rejects.toMatchObject({
    code: "title_not_found",
    message: expect.stringMatching(/^There is no such title\. /),
  });
});

test("what the edge says to machines is not shown to people", async () => {
  const xml = "<Error><Code>AccessDenied</Code></Error>";
  const { client } = clientThatGets(
    new Response(xml, { status: 403, headers: { "Content-Type": "text/xml" } }),
  );

  await expect(client.get("/titles")).rejects.toMatchObject({
    code: "http_403",
    message: "Your account may not use this.",
  });
});

test("a connection that fails is told apart from an answer", async () => {
  const { client } = clientThatGets(new TypeError("Failed to fetch"));

  await expect(client.get("/titles")).rejects.toThrow(ConnectionError);
});

test("an issuer out of reach counts as the connection", async () => {
  const client = new ApiClient(
    "/v1",
    {
      freshToken: () => null,
      accessToken: () => Promise.reject(new IssuerUnreachable("no answer")),
      renew: () => Promise.reject(new IssuerUnreachable("no answer")),
      tokenAtHand: () => null,
    },
    fetch,
  );

  await expect(client.get("/titles")).rejects.toThrow(ConnectionError);
});

test("an empty answer is nothing", async () => {
  const { client } = clientThatGets(new Response(null, { status: 204 }));

  expect(await client.put("/progress/t", {})).toBeNull();
});

test("a write while leaving is sent before the page is gone, and may outlive it", () => {
  const { client, sent } = clientThatGets(new Response(null, { status: 204 }));

  void client.postWhileLeaving("/beacons", { data: "" });

  expect(sent[0]?.init.keepalive).toBe(true);
});
