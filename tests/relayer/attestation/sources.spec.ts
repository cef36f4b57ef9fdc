import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type RequestListener, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  createConfigfsTsmSource,
  createDstackSource,
  createPccsCollateral,
  REFRESH_SECONDS,
} from "../../../relayer/attestation";
import { formatCollateral } from "../../../relayer/attestation/tdx/collateral";
import { makeTestCollateral } from "../../../relayer/attestation/tdx/makeTestCollateral";
import { manualClock } from "../../../relayer/observe/clock";

const REPORT_DATA = new Uint8Array(64).fill(0xab);
const QUOTE = Buffer.from("a quote");

let dir: string;
const servers: Server[] = [];

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "cocoon-sources-"));
});
afterAll(async () => {
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
  await rm(dir, { recursive: true, force: true });
});

async function serve(listener: RequestListener, at: string | number): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(at, () => resolve()));
  const address = server.address();
  return typeof address === "object" && address !== null ? `http://127.0.0.1:${address.port}` : String(at);
}

describe("A worker's quotes from Linux", () => {
  it("writes the report data into an entry of its own and reads the quote from it", async () => {
    const entry = join(dir, "entry");
    await mkdir(entry);
    await writeFile(join(entry, "provider"), "tdx_guest\n");
    await writeFile(join(entry, "outblob"), QUOTE);
    const source = createConfigfsTsmSource({ reports: dir, entryName: () => "entry" });
    expect(await source.quote(REPORT_DATA)).toEqual({ kind: "tdx", quote: QUOTE.toString("base64") });
    expect(new Uint8Array(await readFile(join(entry, "inblob")))).toEqual(REPORT_DATA);
  });

  it("gives nothing on a machine that is no TDX guest", async () => {
    const entry = join(dir, "amd");
    await mkdir(entry);
    await writeFile(join(entry, "provider"), "sev_guest\n");
    for (const reports of [dir, join(dir, "provider-is-missing")]) {
      const source = createConfigfsTsmSource({ reports, entryName: () => "amd" });
      await expect(source.quote(REPORT_DATA)).rejects.toMatchObject({ code: "ATTESTATION_MISSING" });
    }
  });
});

describe("A worker's quotes from dstack", () => {
  it("asks the agent's socket for the report data as hex", async () => {
    const socketPath = join(dir, "dstack.sock");
    const asked: unknown[] = [];
    await serve((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk) => chunks.push(chunk));
      request.on("end", () => {
        asked.push(request.url, JSON.parse(Buffer.concat(chunks).toString()));
        response.end(JSON.stringify({ quote: `0x${QUOTE.toString("hex")}`, event_log: "[]" }));
      });
    }, socketPath);
    expect(await createDstackSource({ socketPath }).quote(REPORT_DATA)).toEqual({
      kind: "tdx",
      quote: QUOTE.toString("base64"),
    });
    expect(asked).toEqual(["/GetQuote", { report_data: "ab".repeat(64) }]);
  });

  it("says so when the agent is away, refuses, or answers with something else", async () => {
    const sockets = [join(dir, "refuses.sock"), join(dir, "other.sock")] as const;
    await serve((_, response) => response.writeHead(500).end(), sockets[0]);
    await serve((_, response) => response.end('{"quote":"no hex"}'), sockets[1]);
    for (const socketPath of [...sockets, join(dir, "nobody.sock")]) {
      await expect(createDstackSource({ socketPath }).quote(REPORT_DATA)).rejects.toMatchObject({
        code: "ATTESTATION_MISSING",
      });
    }
  });
});

describe("Collateral from a service", () => {
  const NOW = 1_790_000_000;
  const WANTED = { fmspc: "90c06f000000", ca: "platform", tee: "tdx" } as const;
  const collateral = makeTestCollateral({ rootSeed: new Uint8Array(32).fill(1), issuedAt: NOW });
  const file = formatCollateral(collateral);

  async function scene() {
    const state = { asked: [] as string[], isDown: false };
    const answers: Record<string, { body: string | Buffer; header?: [string, string] }> = {
      "/tdx/certification/v4/tcb?fmspc=90c06f000000": {
        body: `{"tcbInfo":${file.tcb_info},"signature":"${file.tcb_info_signature}"}`,
        header: ["tcb-info-issuer-chain", encodeURIComponent(file.tcb_info_issuer_chain)],
      },
      "/tdx/certification/v4/qe/identity": {
        body: `{"enclaveIdentity":${file.qe_identity},"signature":"${file.qe_identity_signature}"}`,
        header: ["sgx-enclave-identity-issuer-chain", encodeURIComponent(file.qe_identity_issuer_chain)],
      },
      "/sgx/certification/v4/pckcrl?ca=platform&encoding=der": { body: collateral.pckCrl },
      // A PCCS answers with hex here.
      "/sgx/certification/v4/rootcacrl": { body: file.root_ca_crl },
    };
    const url = await serve((request, response) => {
      state.asked.push(request.url ?? "");
      const answer = state.isDown ? undefined : answers[request.url ?? ""];
      if (answer?.header !== undefined) {
        response.setHeader(...answer.header);
      }
      response.writeHead(answer === undefined ? 404 : 200).end(answer?.body);
    }, 0);
    const clock = manualClock(NOW * 1000);
    return { state, clock, source: createPccsCollateral({ url: `${url}/`, clock }) };
  }

  it("reads the four parts, from Intel's form and from a PCCS's", async () => {
    const { source } = await scene();
    expect(await source.get(WANTED)).toEqual(collateral);
  });

  it("asks once a day, however many ask at once, and lives on what it has when the service is down", async () => {
    const { source, state, clock } = await scene();
    await Promise.all([source.get(WANTED), source.get(WANTED)]);
    clock.advance((REFRESH_SECONDS - 1) * 1000);
    await source.get(WANTED);
    expect(state.asked).toHaveLength(4);
    state.isDown = true;
    clock.advance(1000);
    expect(await source.get(WANTED)).toEqual(collateral);
    expect(state.asked.length).toBeGreaterThan(4);
  });

  it("has nothing where the service has nothing, or tells of another family", async () => {
    const { source, state } = await scene();
    await expect(source.get({ ...WANTED, fmspc: "00806f050000" })).rejects.toMatchObject({
      code: "ATTESTATION_MISSING",
    });
    state.isDown = true;
    await expect(source.get(WANTED)).rejects.toMatchObject({ code: "ATTESTATION_MISSING" });
  });
});
