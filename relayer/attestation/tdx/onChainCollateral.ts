import { beginCell, type Cell } from "@ton/core";
import { decodeP256Signature } from "../../../wrappers/p256";
import { readPem } from "../certificates/certificate";
import type { SignedText } from "./collateral";
import { cutMachine, cutSigner, publicKeyOf, takeSigned } from "./onChainCertificate";
import { chain, cut, fill, layout, MAX_CELL_BYTES, signatureCell } from "./onChainCut";

// Cuts what Intel publishes into the cells that AttestationRegistry reads. Nothing is verified here: what is cut from a bad
// document is refused on chain.

/** What `PostTcbInfo` and `PostQeIdentity` carry. */
export interface OnChainDocument {
  readonly signer: Cell;
  readonly document: Cell;
}

/** TCB info, its signer under the root key x ‖ y. Throws `ATTESTATION_REFUSED` for fields that the contract does not know. */
export function cutTcbInfo(tcbInfo: SignedText, rootKey: Uint8Array): OnChainDocument {
  return cutDocument(tcbInfo, rootKey, cutTcbInfoText(tcbInfo.text));
}

/** The quoting enclave's identity, likewise. */
export function cutQeIdentity(qeIdentity: SignedText, rootKey: Uint8Array): OnChainDocument {
  return cutDocument(qeIdentity, rootKey, cutQeIdentityText(qeIdentity.text));
}

/** A revoked machine's certificate and its authority's list, both DER, as `PostRevocation` carries them. */
export function cutRevocation(
  leaf: Uint8Array,
  authority: Uint8Array,
  list: Uint8Array,
): { readonly leaf: Cell; readonly list: Cell; readonly position: number } {
  const machine = takeSigned(leaf);
  const authorityKey = publicKeyOf(takeSigned(authority).tbs);
  const { tbs, signature } = takeSigned(list);
  const serialAt = SERIAL_START + 2;
  const serial = machine.tbs.subarray(SERIAL_START, serialAt + (machine.tbs[serialAt - 1] ?? 0));
  const entry = tbs.indexOf(Buffer.concat([serial, Buffer.from([0x17])])) - 2;
  if (entry < 0) {
    throw layout("revocation list");
  }
  const before = fill(tbs.subarray(0, entry));
  return {
    leaf: cutMachine(machine, authorityKey),
    list: beginCell()
      .storeRef(signatureCell(tbs, signature, authorityKey))
      .storeRef(chain([...before, ...fill(tbs.subarray(entry))]))
      .endCell(),
    position: before.length,
  };
}

/** Where a certificate's serial number begins: after its own head, and the version. */
const SERIAL_START = 9;

function cutDocument(signed: SignedText, rootKey: Uint8Array, parts: readonly Buffer[]): OnChainDocument {
  const [certificate] = readPem(signed.chain);
  if (certificate === undefined) {
    throw layout("signer's certificate");
  }
  const text = Buffer.from(signed.text);
  const key = publicKeyOf(takeSigned(certificate).tbs);
  return {
    signer: cutSigner(certificate, rootKey),
    document: beginCell()
      .storeRef(signatureCell(text, decodeP256Signature(signed.signature), key))
      .storeRef(chain(parts))
      .endCell(),
  };
}

const TCB_INFO_HEAD = 116;
const MODULES = '"tdxModuleIdentities":[';
const LEVELS = '],"tcbLevels":[{"tcb":{"sgxtcbcomponents":[';
const NUMBER = '","tcbEvaluationDataNumber":';
const VERSION = '"isvsvn":';

function cutTcbInfoText(text: string): Buffer[] {
  const levels = find(text, LEVELS, 0);
  const modules = find(text, MODULES, 0) + MODULES.length;
  const components = levels + LEVELS.length;
  const pceSvn = find(text, ',"pcesvn":', components);
  const tdxComponents = find(text, "[", pceSvn) + 1;
  const level = find(text, '},"tcbDate":"', tdxComponents);
  return [
    ...pieces(text, 0, TCB_INFO_HEAD),
    ...three(text.slice(TCB_INFO_HEAD, modules)),
    ...cutModules(text.slice(modules, levels)),
    ...pieces(text, levels, components),
    ...cutComponents(text.slice(components, pceSvn)),
    ...pieces(text, pceSvn, tdxComponents),
    ...cutComponents(text.slice(tdxComponents, level)),
    ...pieces(text, level, text.length),
  ];
}

/** Each module's name and fields, its first version, and what follows that until the next module. */
function cutModules(text: string): Buffer[] {
  return text
    .split(/(?=\{"id")/)
    .filter((module) => module !== "")
    .flatMap((module) => {
      const version = find(module, VERSION, 0) + VERSION.length;
      return [...fill(Buffer.from(module.slice(0, version))), ...freeText(module.slice(version))];
    });
}

/** No cell but the first may begin with a brace or bracket, by which the contract knows where a new part begins. */
function freeText(text: string): Buffer[] {
  const cells: Buffer[] = [];
  for (let at = 0; at < text.length; ) {
    let end = Math.min(at + MAX_CELL_BYTES, text.length);
    while (end < text.length && /[{\]]/.test(text.charAt(end))) {
      end -= 1;
    }
    cells.push(Buffer.from(text.slice(at, end)));
    at = end;
  }
  return cells;
}

/** Components are whole in their cells; one with a text is the last of its cell. */
function cutComponents(text: string): Buffer[] {
  const cells: string[] = [];
  let isOpen = false;
  for (const component of text.split(/(?<=\}[,\]])/)) {
    const last = cells.at(-1) ?? "";
    if (isOpen && last.length + component.length <= MAX_CELL_BYTES) {
      cells[cells.length - 1] = last + component;
    } else {
      cells.push(component);
    }
    isOpen = /^\{"svn":\d+\}/.test(component);
  }
  return cells.map((cell) => Buffer.from(cell));
}

function cutQeIdentityText(text: string): Buffer[] {
  const number = find(text, NUMBER, 0);
  const version = find(text, VERSION, number) + VERSION.length;
  return [
    ...pieces(text, 0, number),
    ...three(text.slice(number, version)),
    ...fill(Buffer.from(text.slice(version))),
  ];
}

/** Two full cells and the rest. */
function three(text: string): Buffer[] {
  return cut(Buffer.from(text), [MAX_CELL_BYTES, MAX_CELL_BYTES, text.length - 2 * MAX_CELL_BYTES]);
}

const pieces = (text: string, from: number, to: number): Buffer[] => fill(Buffer.from(text.slice(from, to)));

function find(text: string, literal: string, from: number): number {
  const at = text.indexOf(literal, from);
  if (at < 0) {
    throw layout("document");
  }
  return at;
}
