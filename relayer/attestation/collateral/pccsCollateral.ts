import { request } from "undici";
import { FinalError, RetryableError } from "../../errors";
import { type Clock, systemClock } from "../../observe/clock";
import { type Collateral, cutSignedJson } from "../tdx/collateral";
import { parseQeIdentity, parseTcbInfo } from "../tdx/tcbInfo";
import type { CollateralRequest, CollateralSource } from "./collateralSource";

/** Intel's own service, and the list that it serves from elsewhere and a PCCS under its own path. */
export const INTEL_PCS = "https://api.trustedservices.intel.com";
const INTEL_ROOT_CRL = "https://certificates.trustedservices.intel.com/IntelSGXRootCA.der";
const CALL_MS = 20_000;
/** The longest, a list of revoked machines, has some 5 KB today. */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;
/** Intel publishes seldom, and collateral must be younger than seven days: a day leaves six to notice a failure. */
export const REFRESH_SECONDS = 86_400;

export interface PccsOptions {
  /** Up to and without `/sgx/…`: Intel's own service, or a PCCS, which answers the same paths. */
  readonly url: string;
  readonly clock?: Clock;
}

/**
 * Fetches collateral and keeps it a day. When the service fails, what is kept is still given: the verifier's own limit
 * of age decides whether it counts. Nothing fetched is believed for where it came from.
 *
 * @example
 * import { createPccsCollateral } from "cocoon/client";
 *
 * const collateral = createPccsCollateral({ url: "http://127.0.0.1:9" });
 * const machine = { tee: "tdx", fmspc: "50806f000000", ca: "platform" };
 * const failure = await collateral.get(machine).catch(({ code }) => code);
 * console.log(failure); // ATTESTATION_MISSING
 */
export function createPccsCollateral(options: PccsOptions): CollateralSource {
  const kept = new Map<string, { readonly collateral: Collateral; readonly fetchedAt: number }>();
  const running = new Map<string, Promise<Collateral>>();
  const { clock = systemClock } = options;
  const nowSeconds = () => Math.floor(clock.nowMs() / 1000);

  const refresh = (key: string, wanted: CollateralRequest): Promise<Collateral> => {
    const shared = running.get(key);
    if (shared !== undefined) {
      return shared;
    }
    const fetching = fetchCollateral(options, wanted)
      .then((collateral) => {
        kept.set(key, { collateral, fetchedAt: nowSeconds() });
        return collateral;
      })
      .finally(() => running.delete(key));
    running.set(key, fetching);
    return fetching;
  };
  return {
    async get(wanted) {
      const key = `${wanted.tee}:${wanted.fmspc}:${wanted.ca}`;
      const known = kept.get(key);
      if (known !== undefined && nowSeconds() - known.fetchedAt < REFRESH_SECONDS) {
        return known.collateral;
      }
      try {
        return await refresh(key, wanted);
      } catch (thrown) {
        if (known === undefined) {
          throw thrown;
        }
        return known.collateral;
      }
    },
  };
}

async function fetchCollateral(options: PccsOptions, wanted: CollateralRequest): Promise<Collateral> {
  const base = options.url.endsWith("/") ? options.url.slice(0, -1) : options.url;
  const service = `${base}/${wanted.tee}/certification/v4`;
  const [tcb, qe, pckCrl, rootCrl] = await Promise.all([
    get(`${service}/tcb?fmspc=${wanted.fmspc}`),
    get(`${service}/qe/identity`),
    get(`${base}/sgx/certification/v4/pckcrl?ca=${wanted.ca}&encoding=der`),
    get(base === INTEL_PCS ? INTEL_ROOT_CRL : `${base}/sgx/certification/v4/rootcacrl`),
  ]);
  const collateral = {
    tcbInfo: {
      ...cutSignedJson(tcb.body.toString("utf8"), "tcbInfo"),
      chain: chainOf(tcb.header("tcb-info-issuer-chain") ?? tcb.header("sgx-tcb-info-issuer-chain")),
    },
    qeIdentity: {
      ...cutSignedJson(qe.body.toString("utf8"), "enclaveIdentity"),
      chain: chainOf(qe.header("sgx-enclave-identity-issuer-chain")),
    },
    rootCrl: derOf(rootCrl.body),
    pckCrl: derOf(pckCrl.body),
  };
  const isReadable =
    parseTcbInfo(collateral.tcbInfo.text)?.fmspc === wanted.fmspc &&
    parseQeIdentity(collateral.qeIdentity.text) !== undefined;
  if (!isReadable) {
    throw new FinalError("ATTESTATION_MISSING", "The collateral service answers about something else.");
  }
  return collateral;
}

async function get(url: string) {
  try {
    const { statusCode, headers, body } = await request(url, {
      headersTimeout: CALL_MS,
      bodyTimeout: CALL_MS,
    });
    const bytes = Buffer.from(await body.arrayBuffer());
    if (statusCode !== 200 || bytes.length > MAX_ANSWER_BYTES) {
      throw new Error(`status ${statusCode}, ${bytes.length} bytes`);
    }
    const header = (name: string) => {
      const value = headers[name];
      return typeof value === "string" ? value : undefined;
    };
    return { body: bytes, header };
  } catch (cause) {
    const path = new URL(url).pathname;
    throw new RetryableError(
      "ATTESTATION_MISSING",
      "The collateral service gives no answer.",
      { path },
      { cause },
    );
  }
}

/** Chains come in a header, URL-encoded. */
function chainOf(header: string | undefined): string {
  try {
    return decodeURIComponent(header ?? "");
  } catch (cause) {
    throw new FinalError("ATTESTATION_MISSING", "A chain in a header is not readable.", {}, { cause });
  }
}

/** A PCCS sends revocation lists as hex text, Intel as DER. */
function derOf(body: Buffer): Buffer {
  const text = body.toString("latin1").trim();
  return /^([0-9a-fA-F]{2})+$/.test(text) ? Buffer.from(text, "hex") : body;
}
