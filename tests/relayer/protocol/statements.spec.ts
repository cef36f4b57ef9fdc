import {
  AUTHORIZATION_BYTES,
  BIND_BYTES,
  checkAuthorization,
  checkTermsBelong,
  cosignHead,
  decodeBind,
  decodeHead,
  decodeTerms,
  encodeAuthorization,
  encodeBind,
  encodeCosign,
  encodeHead,
  encodeTerms,
  hashBind,
  hashTerms,
  type RequestAuthorization,
  reportData,
  signAuthorization,
  signHead,
  TERMS_BYTES,
  toHex,
  toJobAddress,
  verifyCosign,
  verifyHead,
} from "../../../relayer/protocol";
import {
  BIND,
  bytes,
  codeOf,
  flipped,
  HEAD,
  JOB,
  NETWORK,
  NOW,
  RECEIPT_SEED,
  SESSION,
  SESSION_SEED,
  TERMS,
  WORKER,
} from "./fixtures";

const AUTHORIZATION: RequestAuthorization = {
  networkId: NETWORK,
  job: JOB,
  workerPublicKey: WORKER,
  termsHash: hashTerms(TERMS),
  requestId: bytes(16, 1),
  bodyHash: bytes(32, 2),
  maxCost: 5_000n,
  expiresAt: NOW + 60,
};

describe("bind statement", () => {
  it("reads back what was written", () => {
    expect(encodeBind(BIND)).toHaveLength(BIND_BYTES);
    expect(BIND_BYTES).toBe(15 + 2 + 4 + 33 + 32 + 6 + 32 + 33 + 32 + 32 + 32 + 16);
    expect(decodeBind(encodeBind(BIND))).toEqual(BIND);
    const withoutGpu = { ...BIND, gpuDigest: undefined, tee: "development" } as const;
    expect(decodeBind(encodeBind(withoutGpu))).toEqual(withoutGpu);
  });

  it("refuses a life above 24 hours, both ways of writing it", () => {
    expect(codeOf(() => encodeBind({ ...BIND, notAfter: NOW + 86_401 }))).toBe("BAD_REQUEST");
    expect(codeOf(() => encodeBind({ ...BIND, notAfter: NOW }))).toBe("BAD_REQUEST");
    const long = flipped(encodeBind(BIND), BIND_BYTES - 5);
    expect(codeOf(() => decodeBind(long))).toBe("ATTESTATION_REFUSED");
  });

  it("refuses another tag, TEE, flag, suite or length", () => {
    const encoded = encodeBind(BIND);
    const suiteAt = 15 + 2 + 4 + 33 + 32;
    for (const at of [0, 14, suiteAt, suiteAt + 1, suiteAt + 3, suiteAt + 5]) {
      expect(codeOf(() => decodeBind(flipped(encoded, at, 2)))).toBe("ATTESTATION_REFUSED");
    }
    expect(codeOf(() => decodeBind(flipped(encoded, 15, 2)))).toBe("ATTESTATION_REFUSED");
    expect(codeOf(() => decodeBind(flipped(encoded, 16, 1)))).toBe("ATTESTATION_REFUSED");
    expect(codeOf(() => decodeBind(flipped(encoded, 16, 2)))).toBe("ATTESTATION_REFUSED");
    expect(codeOf(() => decodeBind(encoded.subarray(1)))).toBe("ATTESTATION_REFUSED");
    expect(codeOf(() => decodeBind(new Uint8Array([...encoded, 0])))).toBe("ATTESTATION_REFUSED");
  });

  it("forms report data of 64 bytes", () => {
    const data = reportData(hashBind(encodeBind(BIND)), bytes(32, 9));
    expect(data).toHaveLength(64);
    expect(toHex(data.subarray(32))).toBe(toHex(bytes(32, 9)));
    expect(codeOf(() => reportData(bytes(32, 0), bytes(31, 0)))).toBe("BAD_REQUEST");
  });
});

describe("terms", () => {
  it("read back what was written", () => {
    expect(encodeTerms(TERMS)).toHaveLength(TERMS_BYTES);
    expect(decodeTerms(encodeTerms(TERMS))).toEqual(TERMS);
    expect(codeOf(() => decodeTerms(flipped(encodeTerms(TERMS), 3)))).toBe("BAD_REQUEST");
  });

  it("name their network and job", () => {
    expect(() => checkTermsBelong(TERMS, TERMS)).not.toThrow();
    expect(codeOf(() => checkTermsBelong(TERMS, { networkId: -3, job: JOB }))).toBe("WRONG_NETWORK");
    const job = toJobAddress(`0:${"00".repeat(32)}`);
    expect(codeOf(() => checkTermsBelong(TERMS, { networkId: NETWORK, job }))).toBe("WRONG_JOB");
  });
});

describe("tree head", () => {
  it("has exactly 108 bytes and reads back", () => {
    expect(encodeHead(HEAD)).toHaveLength(108);
    expect(decodeHead(encodeHead(HEAD))).toEqual(HEAD);
    expect(codeOf(() => decodeHead(encodeHead(HEAD).subarray(0, 107)))).toBe("HEAD_INVALID");
  });

  it("verifies only under the key and content that were signed", () => {
    const signature = signHead(RECEIPT_SEED, HEAD);
    expect(verifyHead(WORKER, HEAD, signature)).toBe(true);
    expect(verifyHead(SESSION, HEAD, signature)).toBe(false);
    expect(verifyHead(WORKER, HEAD, signature.subarray(1))).toBe(false);
    expect(verifyHead(WORKER.subarray(1), HEAD, signature)).toBe(false);
    const changes = [
      { networkId: -3 },
      { size: 4 },
      { amount: 1n },
      { issuedAt: 0 },
      { root: bytes(32, 0) },
      { job: toJobAddress(`-1:${"ab".repeat(32)}`) },
    ];
    for (const change of changes) {
      expect(verifyHead(WORKER, { ...HEAD, ...change }, signature)).toBe(false);
    }
    for (let at = 0; at < 64; at += 1) {
      expect(verifyHead(WORKER, HEAD, flipped(signature, at))).toBe(false);
    }
  });

  it("is co-signed in 81 bytes that name the worker", () => {
    const cosignature = cosignHead(SESSION_SEED, WORKER, HEAD);
    const claim = { sessionPublicKey: SESSION, workerPublicKey: WORKER, head: HEAD, cosignature };
    expect(encodeCosign(WORKER, HEAD)).toHaveLength(81);
    expect(verifyCosign(claim)).toBe(true);
    expect(verifyCosign({ ...claim, workerPublicKey: SESSION })).toBe(false);
    expect(verifyCosign({ ...claim, head: { ...HEAD, amount: 0n } })).toBe(false);
    expect(verifyCosign({ ...claim, cosignature: signHead(SESSION_SEED, HEAD) })).toBe(false);
  });
});

describe("request authorisation", () => {
  const signature = signAuthorization(SESSION_SEED, AUTHORIZATION);
  const check = (statement: RequestAuthorization, nowSeconds = NOW) =>
    checkAuthorization({ statement, sessionPublicKey: SESSION, signature, nowSeconds });

  it("holds for exactly what was signed", () => {
    expect(encodeAuthorization(AUTHORIZATION)).toHaveLength(AUTHORIZATION_BYTES);
    expect(() => check(AUTHORIZATION)).not.toThrow();
    const changes = [
      { networkId: -3 },
      { job: toJobAddress(`0:${"00".repeat(32)}`) },
      { workerPublicKey: SESSION },
      { termsHash: bytes(32, 0) },
      { requestId: bytes(16, 2) },
      { bodyHash: bytes(32, 3) },
      { maxCost: 5_001n },
      { expiresAt: NOW + 61 },
    ];
    for (const change of changes) {
      expect(codeOf(() => check({ ...AUTHORIZATION, ...change }))).toBe("BAD_AUTHORIZATION");
    }
  });

  it("is void from its expiry on", () => {
    expect(() => check(AUTHORIZATION, NOW + 59)).not.toThrow();
    expect(codeOf(() => check(AUTHORIZATION, NOW + 60))).toBe("BAD_AUTHORIZATION");
  });
});
