import { testP256Key } from "../../../relayer/attestation/tdx/makeTestQuotePki";
import type { OnChainDocument } from "../../../relayer/attestation/tdx/onChainCollateral";
import { useWorld } from "../../support/actors";
import { postQeIdentity, postTcbInfo, qeIdentity, tcbInfo } from "../../support/collateral";
import { expectDone, expectRefused } from "../../support/expect";
import { QUOTE_POLICY, ROOT_SEED } from "../../support/quotes";
import { exchanged, resigned } from "../../support/resign";

// Documents that Intel's signer signed and that differ in one place from those that Intel writes: where the contract skipped that
// place without looking, it would read all the rest, and take them.

const world = useWorld(undefined, { quotes: QUOTE_POLICY });

const SIGNER = testP256Key(ROOT_SEED, "tcb signer");
type Change = Parameters<typeof resigned>[2];
const written = (made: OnChainDocument, change: Change): OnChainDocument => ({
  ...made,
  document: resigned(made.document, SIGNER, change),
});
const without = (text: string): Change => exchanged(text, "");

/** Without the text that a cell begins with; without the cell, where that is all of it. */
const withoutHead =
  (text: string): Change =>
  (pieces) => {
    expect(pieces.filter((piece) => piece.startsWith(text))).toHaveLength(1);
    return pieces
      .map((piece) => (piece.startsWith(text) ? piece.slice(text.length) : piece))
      .filter((piece) => piece !== "");
  };

const BEFORE_NUMBER = '","pceId":"0000","tcbType":0,"tcbEvaluationDataNumber":';
const LEVELS = '],"tcbLevels":[{"tcb":{"sgxtcbcomponents":[';
const TDX_COMPONENTS = ',"tdxtcbcomponents":[';

/** The first component follows the version of the provisioning enclave in its cell. */
const withoutTdxComponents: Change = (pieces) => {
  const at = pieces.findIndex((piece) => piece.endsWith(TDX_COMPONENTS));
  const [before = "", components = ""] = pieces.slice(at, at + 2);
  const first = components.slice(0, components.indexOf("},") + 2);
  return [
    ...pieces.slice(0, at),
    before.slice(0, -TDX_COMPONENTS.length) + first,
    components.slice(first.length),
    ...pieces.slice(at + 2),
  ];
};

/** One more character at the end of the first cell. */
const longer =
  (character: string): Change =>
  ([first, ...rest]) => [`${first}${character}`, ...rest];

const TCB_INFO: [string, Change][] = [
  ["without a name before its date", withoutHead('{"id":"TDX","version":3,"issueDate":"')],
  ["that was issued a hundred years ago", exchanged('"issueDate":"20', '"issueDate":"19')],
  ["without a name before the date of its end", without('","nextUpdate":"')],
  ["without a name before its kind of machine", without('","fmspc":"')],
  ["of a kind of machine of thirteen digits", longer("0")],
  ["without names before its number", withoutHead(BEFORE_NUMBER)],
  ["without a name before its levels", withoutHead(LEVELS)],
  ["whose first component has another name", exchanged('{"svn":3},{"svn":3},', '{"svm":3},{"svn":3},')],
  ["without a name before the version of the provisioning enclave", without(',"pcesvn":')],
  ["whose provisioning enclave has a letter for a version", exchanged(',"pcesvn":13', ',"pcesvn":A')],
  ["without a name before the components of TDX", withoutTdxComponents],
  ["without a name before its first level's date", withoutHead('},"tcbDate":"')],
];

const QE_IDENTITY: [string, Change][] = [
  ["without a name before its date", withoutHead('{"id":"TD_QE","version":2,"issueDate":"')],
  ["with more than the date of its end", longer("0")],
  ["without a name before its number", without('","tcbEvaluationDataNumber":')],
];

it("What is signed again unchanged is taken", async () => {
  const same: Change = (pieces) => pieces;
  expectDone(await postTcbInfo(world(), written(tcbInfo(), same)), { out: 2 });
  expectDone(await postQeIdentity(world(), written(qeIdentity(), same)), { out: 2 });
});

describe("TCB info from Intel's signer", () => {
  it.each(TCB_INFO)("%s is refused", async (_name, change) => {
    expectRefused(await postTcbInfo(world(), written(tcbInfo(), change)), "ErrCollateralFields");
  });
});

describe("The quoting enclave's identity from Intel's signer", () => {
  it.each(QE_IDENTITY)("%s is refused", async (_name, change) => {
    expectRefused(await postQeIdentity(world(), written(qeIdentity(), change)), "ErrCollateralFields");
  });
});
