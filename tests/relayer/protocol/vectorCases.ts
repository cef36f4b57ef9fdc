import {
  addressToBytes,
  amountFor,
  cosignHead,
  createMerkleLog,
  decodeRequestHeader,
  encodeAuthorization,
  encodeBind,
  encodeCosign,
  encodeHead,
  encodeLeaf,
  encodeRecord,
  encodeRelease,
  encodeTaskAnswer,
  encodeTerms,
  gpuNonce,
  hashBind,
  hashHead,
  hashHpkeKey,
  hashLeaf,
  hashRequest,
  hashResponse,
  hashSealedBody,
  hashTerms,
  openTask,
  primitives,
  sealRequest,
  sealTask,
  signAuthorization,
  signHead,
  signRelease,
  toHex,
  utf8ToBytes,
} from "../../../relayer/protocol";
import {
  BIND,
  bytes,
  HEAD,
  HPKE_PRIVATE,
  HPKE_PUBLIC,
  JOB,
  LEAF,
  NETWORK,
  NOW,
  open,
  RECEIPT_SEED,
  recordOf,
  SALT,
  SESSION,
  SESSION_SEED,
  TERMS,
  WORKER,
} from "./fixtures";

/** The published vectors by file name: inputs and outputs, bytes in hex, 64-bit numbers as decimal text. */
export function vectorFiles(): Record<string, unknown> {
  return {
    bind: bindCases(),
    terms: [{ terms: TERMS, encoded: encodeTerms(TERMS), termsHash: hashTerms(TERMS) }],
    receipt: receiptCases(),
    merkle: merkleCases(),
    head: headCases(),
    authorization: authorizationCases(),
    sealed: sealedCases(),
    release: releaseCases(),
    task: taskCases(),
  };
}

/** The text of a vector file. */
export function vectorText(content: unknown): string {
  const text = JSON.stringify(
    content,
    (_, value) => {
      if (value instanceof Uint8Array || (value?.type === "Buffer" && Array.isArray(value.data))) {
        return toHex(value instanceof Uint8Array ? value : Uint8Array.from(value.data));
      }
      return typeof value === "bigint" ? value.toString() : value;
    },
    2,
  );
  return `${text}\n`;
}

function bindCases() {
  const development = { ...BIND, tee: "development", gpuDigest: undefined, networkId: -3 } as const;
  return [BIND, development].map((bind) => ({
    bind: { ...bind, gpuDigest: bind.gpuDigest ?? null },
    registryBytes: addressToBytes(bind.registry),
    encoded: encodeBind(bind),
    bindHash: hashBind(encodeBind(bind)),
    hpkeKeyHash: hashHpkeKey(bind.hpkePublicKey),
    fresh: bytes(32, 9),
    gpuNonce: gpuNonce({ ...bind, fresh: bytes(32, 9) }),
  }));
}

function receiptCases() {
  const leaf = { ...LEAF, amount: amountFor(LEAF, TERMS) };
  const body = utf8ToBytes('{"model":"m","messages":[]}');
  const payloads = ['data: {"a":1}\n\n', "data: [DONE]\n\n"].map(utf8ToBytes);
  return {
    leaves: (["ok", "stopped", "refused", "failed"] as const).map((status, index) => {
      const one = { ...leaf, status, index };
      return { leaf: one, encoded: encodeLeaf(one), leafHash: hashLeaf(encodeLeaf(one)) };
    }),
    amounts: [
      leaf,
      { ...leaf, promptTokens: 0n, cachedTokens: 1n },
      { ...leaf, reasoningTokens: 1n << 40n },
    ].map(({ promptTokens, cachedTokens, completionTokens, reasoningTokens }) => {
      const usage = { promptTokens, cachedTokens, completionTokens, reasoningTokens };
      const { promptPrice, cachedPrice, completionPrice, reasoningPrice } = TERMS;
      const prices = { promptPrice, cachedPrice, completionPrice, reasoningPrice };
      return { usage, prices, amount: amountFor(usage, prices) };
    }),
    requestHash: { salt: SALT, body, hash: hashRequest(SALT, body) },
    responseHash: {
      salt: SALT,
      payloads,
      hash: hashResponse(SALT, new Uint8Array(Buffer.concat(payloads))),
    },
  };
}

function merkleCases() {
  const log = createMerkleLog();
  const leaves = Array.from({ length: 11 }, (_, index) => encodeLeaf({ ...LEAF, index }));
  for (const leaf of leaves) {
    log.append(leaf);
  }
  const sizes = Array.from({ length: 11 }, (_, i) => i + 1);
  return {
    leaves,
    emptyRoot: createMerkleLog().root(),
    roots: sizes.map((size) => ({ size, root: log.root(size) })),
    inclusion: [0, 3, 6, 7, 10].map((index) => ({ index, size: 11, proof: log.inclusionProof(index) })),
    consistency: [1, 4, 6, 8, 11].map((first) => ({
      firstSize: first,
      secondSize: 11,
      proof: log.consistencyProof(first),
    })),
  };
}

function headCases() {
  return [
    {
      head: HEAD,
      encoded: encodeHead(HEAD),
      headHash: hashHead(HEAD),
      receiptSeed: RECEIPT_SEED,
      workerPublicKey: WORKER,
      signature: signHead(RECEIPT_SEED, HEAD),
      sessionSeed: SESSION_SEED,
      sessionPublicKey: SESSION,
      cosignStatement: encodeCosign(WORKER, HEAD),
      cosignature: cosignHead(SESSION_SEED, WORKER, HEAD),
    },
  ];
}

function authorizationCases() {
  const statement = {
    networkId: NETWORK,
    job: JOB,
    workerPublicKey: WORKER,
    termsHash: hashTerms(TERMS),
    requestId: bytes(16, 0xc0),
    bodyHash: hashSealedBody(bytes(100, 0)),
    maxCost: 5_000n,
    expiresAt: NOW + 60,
  };
  const signature = signAuthorization(SESSION_SEED, statement);
  const encoded = encodeAuthorization(statement);
  return [{ statement, encoded, sessionSeed: SESSION_SEED, sessionPublicKey: SESSION, signature }];
}

function releaseCases() {
  const ask = { networkId: NETWORK, job: JOB, expiresAt: NOW + 300 };
  const signature = signRelease(SESSION_SEED, ask);
  return [
    { ask, encoded: encodeRelease(ask), sessionSeed: SESSION_SEED, sessionPublicKey: SESSION, signature },
  ];
}

function taskCases() {
  const place = { networkId: NETWORK, job: JOB };
  const keys = { hpkePublicKey: HPKE_PUBLIC, bindHash: hashBind(encodeBind(BIND)) };
  const answer = {
    ...place,
    requestHash: bytes(32, 1),
    responseHash: bytes(32, 2),
    status: 0,
    issuedAt: NOW,
  };
  const encoded = encodeTaskAnswer(answer);
  return {
    statements: [
      {
        answer,
        encoded,
        receiptSeed: RECEIPT_SEED,
        workerPublicKey: WORKER,
        signature: primitives.ed25519Sign(RECEIPT_SEED, encoded),
      },
    ],
    sealed: ["\0How are you?", '\u0001{"model":"m","messages":[]}'].map((text) => {
      const content = utf8ToBytes(text);
      const reply = utf8ToBytes("Well.");
      const [fixedEphemeralKey, fixedResponseNonce] = [bytes(32, 0x77), bytes(32, 0x55)];
      const { bytes: request } = sealTask(place, { ...keys, content, fixedEphemeralKey });
      const opened = openTask(place, {
        ...keys,
        hpkePrivateKey: HPKE_PRIVATE,
        bytes: request,
        fixedResponseNonce,
      });
      return {
        place,
        hpkePrivateKey: HPKE_PRIVATE,
        ...keys,
        fixedEphemeralKey,
        content,
        request,
        reply: { nonce: fixedResponseNonce, text: reply, answer: opened.sealAnswer(reply) },
      };
    }),
  };
}

function sealedCases() {
  const bindHash = hashBind(encodeBind(BIND));
  return [27, 66_000].map((bodyLength) => {
    const body = bodyLength < 100 ? utf8ToBytes('{"model":"m","messages":[]}') : bytes(bodyLength, 0);
    const request = {
      hpkePublicKey: HPKE_PUBLIC,
      bindHash,
      requestId: bytes(16, 0xc0),
      expiresAt: NOW + 60,
      salt: SALT,
      fixedEphemeralKey: bytes(32, 0x77),
    };
    const { bytes: wire } = sealRequest({ ...request, body });
    const { responseSealer } = open(wire, { bindHash, fixedResponseNonce: bytes(32, 0x55) });
    const payloads = [utf8ToBytes('data: {"a":1}\n\n'), bytes(0, 0), bytes(61, 1)];
    const meta = { status: 200, contentType: "text/event-stream" };
    const record = encodeRecord(recordOf(3));
    // A long request is published as hashes: its body is `00 01 … ff 00 …`.
    const long = bodyLength >= 100;
    return {
      hpkePrivateKey: HPKE_PRIVATE,
      ...request,
      body: long ? { length: bodyLength, pattern: "byte i is i modulo 256" } : body,
      enc: decodeRequestHeader(wire).enc,
      header: wire.subarray(0, 70),
      request: long ? { length: wire.length, sha256: primitives.sha256(wire) } : wire,
      response: {
        nonce: responseSealer.start(),
        meta,
        metaFrame: responseSealer.meta(meta),
        payloads,
        dataFrames: payloads.map((payload) => responseSealer.data(payload)),
        record: new TextDecoder().decode(record),
        recordFrame: responseSealer.record(record),
        finalFrame: responseSealer.final(),
      },
    };
  });
}
