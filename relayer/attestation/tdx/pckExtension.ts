import { FinalError } from "../../errors";
import type { Certificate } from "../certificates/certificate";
import { childrenOf, oidText, readWhole, smallInteger, TAG } from "../certificates/der";

const SGX = "1.2.840.113741.1.13.1";
const COMPONENTS = 16;

/** What a PCK certificate says of its machine. */
export interface PckFacts {
  /** Lower-case hex: the processor family and its packaging. */
  readonly fmspc: string;
  readonly pceId: string;
  /** Names the machine; encrypted under Intel's key in the quote, plain here. */
  readonly ppid: string;
  readonly components: readonly number[];
  readonly pceSvn: number;
}

/** Reads Intel's SGX extension. Throws `ATTESTATION_REFUSED` when a part is missing. */
export function readPckExtension(certificate: Certificate): PckFacts {
  const extension = certificate.extensions.get(SGX);
  const parts = readPairs(extension === undefined ? undefined : readWhole(extension, TAG.sequence));
  const tcb = readPairs(parts.get(`${SGX}.2`));
  const hex = (suffix: string, length: number): string => {
    const value = parts.get(`${SGX}.${suffix}`);
    if (value?.tag !== TAG.octetString || value.value.length !== length) {
      throw missing();
    }
    return value.value.toString("hex");
  };
  const svn = (index: number): number => {
    const value = tcb.get(`${SGX}.2.${index}`);
    if (value === undefined) {
      throw missing();
    }
    return smallInteger(value);
  };
  return {
    fmspc: hex("4", 6),
    pceId: hex("3", 2),
    ppid: hex("1", 16),
    components: Array.from({ length: COMPONENTS }, (_, index) => svn(index + 1)),
    pceSvn: svn(COMPONENTS + 1),
  };
}

function readPairs(node: ReturnType<typeof readWhole> | undefined) {
  const pairs = new Map<string, ReturnType<typeof readWhole>>();
  for (const pair of node === undefined ? [] : childrenOf(node)) {
    const [oid, value] = childrenOf(pair);
    if (oid !== undefined && value !== undefined) {
      pairs.set(oidText(oid), value);
    }
  }
  return pairs;
}

function missing(): FinalError {
  return new FinalError("ATTESTATION_REFUSED", "The machine's certificate lacks Intel's extension.");
}
