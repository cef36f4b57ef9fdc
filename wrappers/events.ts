import type { Cell, Slice } from "@ton/core";
import {
  loadAuctionAnnouncedEvent,
  loadAuthorityRegisteredEvent,
  loadBidTakenEvent,
  loadBondReleasedEvent,
  loadBondReservedEvent,
  loadCatalogChangedEvent,
  loadChangeCancelledEvent,
  loadChangeExecutedEvent,
  loadChangeQueuedEvent,
  loadClaimDisputedEvent,
  loadClaimsReleasedEvent,
  loadCollateralPostedEvent,
  loadDemandDeclaredEvent,
  loadDisputeResolvedEvent,
  loadHeadSettledEvent,
  loadJobAcceptedEvent,
  loadJobAwardedEvent,
  loadJobClosedEvent,
  loadJobClosingEvent,
  loadJobOpenedEvent,
  loadJobRefusedEvent,
  loadJobToppedUpEvent,
  loadLaneChangedEvent,
  loadPauseChangedEvent,
  loadPolicyTightenedEvent,
  loadPriceChangedEvent,
  loadProviderRegisteredEvent,
  loadReceiptDemandedEvent,
  loadReceiptShownEvent,
  loadStakeChangedEvent,
  loadTaskDeliveredEvent,
  loadWorkerAttestedEvent,
  loadWorkerDroppedEvent,
} from "../build/JobEscrow/JobEscrow_JobEscrow";

const LOADERS = {
  3758161921: loadProviderRegisteredEvent,
  3758227457: loadStakeChangedEvent,
  3758227458: loadCatalogChangedEvent,
  3758227459: loadWorkerAttestedEvent,
  3758227460: loadWorkerDroppedEvent,
  3758227461: loadBondReservedEvent,
  3758227462: loadBondReleasedEvent,
  3758292993: loadJobOpenedEvent,
  3758292994: loadJobAcceptedEvent,
  3758292995: loadJobRefusedEvent,
  3758292996: loadJobToppedUpEvent,
  3758292997: loadLaneChangedEvent,
  3758292998: loadHeadSettledEvent,
  3758292999: loadClaimsReleasedEvent,
  3758293000: loadJobClosingEvent,
  3758293001: loadJobClosedEvent,
  3758293002: loadClaimDisputedEvent,
  3758293003: loadDisputeResolvedEvent,
  3758293004: loadReceiptDemandedEvent,
  3758293005: loadReceiptShownEvent,
  3758293058: loadTaskDeliveredEvent,
  3758293056: loadBidTakenEvent,
  3758293057: loadJobAwardedEvent,
  3758424065: loadAuctionAnnouncedEvent,
  3758424066: loadPriceChangedEvent,
  3758424067: loadDemandDeclaredEvent,
  3758358529: loadChangeQueuedEvent,
  3758358530: loadChangeExecutedEvent,
  3758358531: loadChangeCancelledEvent,
  3758358532: loadPauseChangedEvent,
  3758358533: loadPolicyTightenedEvent,
  3758358544: loadAuthorityRegisteredEvent,
  3758358545: loadCollateralPostedEvent,
} as const satisfies Readonly<Record<number, (slice: Slice) => { readonly $$type: string }>>;

/** An event of any contract, told apart by `$$type`. */
export type ProtocolEvent = ReturnType<(typeof LOADERS)[keyof typeof LOADERS]>;

/**
 * The event in the body of an external-out message; undefined for an unknown opcode.
 * @throws when the opcode is known and the body is not of its shape
 *
 * @example
 * import { beginCell } from "@ton/core";
 * import { decodeEvent } from "cocoon/contracts";
 *
 * const body = beginCell().storeUint(0xe0020004, 32).storeUint(5, 256).endCell();
 * console.log(decodeEvent(body).$$type); // WorkerDroppedEvent
 * console.log(decodeEvent(beginCell().endCell())); // undefined
 */
export function decodeEvent(body: Cell): ProtocolEvent | undefined {
  const slice = body.beginParse();
  if (slice.remainingBits < 32) {
    return undefined;
  }
  const opcode = slice.preloadUint(32);
  const loader = isKnown(opcode) ? LOADERS[opcode] : undefined;
  return loader?.(slice);
}

function isKnown(opcode: number): opcode is keyof typeof LOADERS {
  return opcode in LOADERS;
}
