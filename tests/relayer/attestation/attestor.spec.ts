import { Address, Cell } from "@ton/core";
import { type AttestorOptions, startAttestor } from "../../../relayer/attestation";
import { manualClock } from "../../../relayer/observe/clock";
import { silentLog } from "../../../relayer/observe/log";
import { fromBase64, hashHpkeKey, primitives, toBase64, toHex } from "../../../relayer/protocol";
import { workerStatement } from "../../../wrappers/AttestationRegistry";
import { BIND, claimOf, EXPECTED, FRESH, IMAGE, NOW, OTHER } from "./fixtures";

const SEEDS = [new Uint8Array(32).fill(21), new Uint8Array(32).fill(22)];

function optionsOf(overrides: Partial<AttestorOptions> = {}): AttestorOptions {
  return {
    host: "127.0.0.1",
    port: 0,
    networkId: BIND.networkId,
    registry: BIND.registry,
    attestors: SEEDS.map((seed, place) => ({ index: 2 * place, seed })),
    policy: EXPECTED,
    log: silentLog,
    clock: manualClock((NOW + 60) * 1000),
    ...overrides,
  };
}

function uint(bytes: Uint8Array): bigint {
  return BigInt(`0x${toHex(bytes)}`);
}

describe("attestor", () => {
  let url: string;
  let close: () => Promise<void>;
  beforeAll(async () => {
    ({ url, close } = await startAttestor(optionsOf()));
  });
  afterAll(() => close());

  const post = async (body: unknown) => {
    const response = await fetch(`${url}/v1/attest`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
    return { status: response.status, body: JSON.parse(await response.text()) };
  };
  const attest = ({ bind, evidence }: Awaited<ReturnType<typeof claimOf>>) =>
    post({ bind: toBase64(bind), evidence, epoch: 3 });

  it("signs the statement of a worker whose evidence it has verified, with each key that it holds", async () => {
    const { status, body } = await attest(await claimOf());
    expect(status).toBe(200);
    const cell = Cell.fromBase64(body.statement);
    const expected = workerStatement({
      networkId: BIND.networkId,
      registry: Address.parse(BIND.registry),
      provider: Address.parse(BIND.provider),
      receiptPublicKey: uint(BIND.receiptPublicKey),
      notBefore: NOW,
      worker: {
        $$type: "Worker",
        hpkeKeyHash: uint(hashHpkeKey(BIND.hpkePublicKey)),
        imageHash: uint(IMAGE),
        modelHash: uint(BIND.modelHash),
        expiresAt: BigInt(BIND.notAfter),
        epoch: 3n,
      },
    });
    expect(cell.equals(expected)).toBe(true);
    expect(body.signatures.map(({ index }: { index: number }) => index)).toEqual([0, 2]);
    for (const [place, seed] of SEEDS.entries()) {
      const signature = fromBase64(body.signatures[place].signature);
      expect(primitives.ed25519Verify(primitives.ed25519PublicKey(seed), cell.hash(), signature)).toBe(true);
    }
  });

  it.each([
    ["network", { networkId: 1 }, {}],
    ["registry", { registry: OTHER }, {}],
    ["model", { modelHash: FRESH }, {}],
    ["imageNotAllowed", {}, { imageHash: FRESH }],
    ["platformNotPinned", {}, { seed: FRESH }],
  ])("refuses by name: %s", async (check, fields, platform) => {
    const { status, body } = await attest(await claimOf(fields, platform));
    expect(status).toBe(403);
    expect(body.error).toMatchObject({ code: "ATTESTATION_REFUSED", failed: check });
    expect(body.signatures).toBeUndefined();
  });

  it("refuses what is not a request by name", async () => {
    expect(await post("{")).toMatchObject({ status: 400, body: { error: { code: "BAD_REQUEST" } } });
    expect(await post({ bind: "AA==" })).toMatchObject({
      status: 400,
      body: { error: { code: "BAD_REQUEST" } },
    });
    const long = { bind: "A".repeat(80_000) };
    expect(await post(long)).toMatchObject({ status: 413, body: { error: { code: "BODY_TOO_LARGE" } } });
  });

  it.each([
    ["key", { attestors: [] }],
    ["image", { policy: { ...EXPECTED, images: [] } }],
    ["model", { policy: { ...EXPECTED, models: [] } }],
  ])("does not start without a %s", async (_what, overrides) => {
    await expect(startAttestor(optionsOf(overrides))).rejects.toMatchObject({ code: "CONFIG_INVALID" });
  });
});
