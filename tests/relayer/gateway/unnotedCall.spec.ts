import Libsql from "libsql";
import { jobsOf } from "./support/jobs";
import { createWorld, MODEL, patient, untilCosigned, type World } from "./support/world";

// Every process of the network runs in this one, on whatever cores the machine has left.
jest.setTimeout(300_000);

const messages = [{ role: "user" as const, content: "who remembers?" }];

describe("gateway whose disk takes no note of a call", () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld({ policy: { refreshMs: 300 } });
  });
  afterAll(() => world.close());

  const askOnce = () => world.post("/v1/chat/completions", { model: MODEL, messages, max_tokens: 20 });
  const alter = (statement: string) => {
    const database = new Libsql(`${world.folder}/gateway/store.sqlite`);
    database.exec(statement);
    database.close();
  };
  const freeNano = async () => (await jobsOf(world)).map((job) => job.free_nano);

  it("sends nothing, since a receipt of a forgotten call would keep all later ones from being co-signed", async () => {
    await (await patient(askOnce)).text();
    const [sealed, free] = [world.supply.proxy.sealed, await freeNano()];
    alter("create trigger full before insert on calls begin select raise(abort, 'the disk is full'); end");
    const refused = await askOnce();
    expect([refused.status, await refused.json()]).toMatchObject([503, { error: { code: "store_failed" } }]);
    expect(world.supply.proxy.sealed).toBe(sealed);
    expect(await freeNano()).toEqual(free);

    alter("drop trigger full");
    await untilCosigned(async () => {
      const answer = await patient(askOnce);
      await answer.text();
      const id = answer.headers.get("cocoon-receipt") ?? "";
      return async () => await (await world.get(`/v1/receipts/${id}`)).text();
    });
  });
});
