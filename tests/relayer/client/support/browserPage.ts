import {
  checkWorker,
  DEFAULT_POLICY,
  equalBytes,
  fromBase64,
  fromHex,
  hashBind,
  type OpenedFrame,
  parseReceiptFile,
  type ServedWorker,
  sealRequest,
  toHex,
  toRawAddress,
  verifyReceipt,
} from "../../../../relayer/client/browser";

/** What the test hands to the page, as JSON. */
export interface PageInput {
  readonly receipt: string;
  readonly forged: string;
  /** The first case of tests/vectors/sealed.json. */
  readonly sealed: {
    readonly hpkePublicKey: string;
    readonly bindHash: string;
    readonly requestId: string;
    readonly expiresAt: number;
    readonly salt: string;
    readonly fixedEphemeralKey: string;
    readonly body: string;
    readonly request: string;
    /** The whole response. */
    readonly response: string;
  };
  readonly worker: {
    readonly served: ServedWorker;
    readonly attested: {
      readonly hpkeKeyHash: string;
      readonly imageHash: string;
      readonly modelHash: string;
    };
    readonly provider: string;
    readonly registry: string;
    readonly networkId: number;
    readonly nowSeconds: number;
  };
}

export interface PageOutput {
  readonly verified: boolean;
  readonly failedOfForged: readonly string[];
  readonly sealedAsPublished: boolean;
  readonly frames: readonly string[];
  readonly freshKeyDiffers: boolean;
  readonly worker: string;
  readonly bindHashKnown: boolean;
  readonly refusal: string;
}

/** Runs in a page with the bundle and nothing else. */
export function run(input: PageInput): PageOutput {
  const good = verifyReceipt(parseReceiptFile(input.receipt));
  const forged = verifyReceipt(parseReceiptFile(input.forged));
  const request = {
    hpkePublicKey: fromHex(input.sealed.hpkePublicKey),
    bindHash: fromHex(input.sealed.bindHash),
    requestId: fromHex(input.sealed.requestId),
    expiresAt: input.sealed.expiresAt,
    salt: fromHex(input.sealed.salt),
    body: fromHex(input.sealed.body),
  };
  const sealed = sealRequest({ ...request, fixedEphemeralKey: fromHex(input.sealed.fixedEphemeralKey) });
  const frames = sealed.openResponse.push(fromHex(input.sealed.response));
  const worker = check(input);
  const [fresh, other] = [sealRequest(request), sealRequest(request)];
  return {
    verified: good.ok,
    failedOfForged: forged.checks.flatMap(({ name, outcome }) => (outcome === "failed" ? [name] : [])),
    sealedAsPublished: toHex(sealed.bytes) === input.sealed.request,
    frames: frames.map((frame: OpenedFrame) => frame.kind),
    freshKeyDiffers: toHex(fresh.bytes) !== toHex(other.bytes),
    worker: worker.key,
    bindHashKnown: equalBytes(worker.bindHash, hashBind(fromBase64(input.worker.served.bind))),
    refusal: refusalOf(() => check(input, "00".repeat(32))),
  };
}

function check({ worker }: PageInput, hpkeKeyHash = worker.attested.hpkeKeyHash) {
  const { served, attested, nowSeconds } = worker;
  const expiresAt = nowSeconds + 1_000;
  const price = { promptPrice: 1n, cachedPrice: 1n, completionPrice: 1n, reasoningPrice: 1n };
  return checkWorker({
    served,
    provider: {
      address: toRawAddress(worker.provider),
      // What the page does not look at: it only reads it to the caller.
      owner: undefined as never,
      index: 0,
      endpoint: "https://provider.example",
      offers: new Map([[attested.modelHash, { ...price, contextLength: 4_096, concurrency: 1 }]]),
      workers: new Map([[served.receiptPublicKey, { ...attested, hpkeKeyHash, expiresAt, epoch: 1 }]]),
      hasRoom: true,
    },
    allowed: {
      epoch: 1,
      images: new Map([[attested.imageHash, expiresAt]]),
      models: new Set([attested.modelHash]),
    },
    network: { globalId: worker.networkId, attestationRegistry: worker.registry },
    policy: { ...DEFAULT_POLICY, tees: ["development"] },
    nowSeconds,
  });
}

function refusalOf(run: () => unknown): string {
  try {
    run();
    return "none";
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message : String(thrown);
  }
}
