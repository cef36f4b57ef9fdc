import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { askGateway } from "../../../relayer/cli/askGateway";

type Turn = (response: ServerResponse) => void | Promise<void>;

const question = { model: "any", messages: [{ role: "user" as const, content: "привет" }] };
const piece = (content: string) =>
  Buffer.from(`data: ${JSON.stringify({ choices: [{ delta: { content } }] })}\n\n`);
const DONE = "data: [DONE]\n\n";

/** Asks a server that answers as the wire may: cut anywhere, broken off, or with an error at its end. */
async function asked(turn: Turn, onText: (text: string) => void = () => {}) {
  const server = createServer((_request, response) => {
    response.writeHead(200, { "content-type": "text/event-stream", "cocoon-receipt": "ab" });
    void turn(response);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  try {
    return await askGateway({ baseUrl: `http://127.0.0.1:${port}/v1`, apiKey: "k" }, question, onText);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

describe("an answer that the command line reads from a gateway", () => {
  it("is whole where a chunk ends in the middle of a letter", async () => {
    const cut = piece("ёж 🦔");
    const middle = cut.indexOf("🦔") + 2;
    let heard = () => {};
    const hearing = new Promise<void>((resolve) => {
      heard = resolve;
    });
    const answer = await asked(
      async (response) => {
        response.write(Buffer.concat([piece("один "), cut.subarray(0, middle)]));
        await hearing;
        response.end(Buffer.concat([cut.subarray(middle), Buffer.from(DONE)]));
      },
      () => heard(),
    );
    expect(answer).toMatchObject({ text: "один ёж 🦔", receiptId: "ab" });
  });

  it("that fails after it has begun is a failure, in the gateway's words", async () => {
    const error = { message: "The worker did not answer in time.", type: "api_error", code: "timeout" };
    const answer = asked((response) => {
      response.end(
        Buffer.concat([piece("half"), Buffer.from(`data: ${JSON.stringify({ error })}\n\n${DONE}`)]),
      );
    });
    await expect(answer).rejects.toMatchObject({
      code: "BACKEND_UNAVAILABLE",
      message: "The answer broke off: The worker did not answer in time.",
    });
  });

  it.each<[string, Turn]>([
    ["ends without saying so", (response) => void response.end(piece("half"))],
    ["is torn", (response) => void response.write(piece("half"), () => response.destroy())],
  ])("that %s is no answer", async (_name, turn) => {
    await expect(asked(turn)).rejects.toMatchObject({ code: "WORKER_UNAVAILABLE" });
  });

  it("never came where nobody listens, and the sentence says what to start", async () => {
    const answer = askGateway({ baseUrl: "http://127.0.0.1:9/v1", apiKey: "k" }, question, () => {});
    await expect(answer).rejects.toMatchObject({
      code: "WORKER_UNAVAILABLE",
      message: expect.stringContaining("cocoon gateway"),
    });
  });
});
