import type { Builder } from "@ton/core";
import type { Collateral } from "../../relayer/attestation/tdx/collateral";
import {
  makeTestCollateral,
  type TestCollateralOptions,
} from "../../relayer/attestation/tdx/makeTestCollateral";
import {
  cutQeIdentity,
  cutTcbInfo,
  type OnChainDocument,
} from "../../relayer/attestation/tdx/onChainCollateral";
import { storePostQeIdentity, storePostTcbInfo } from "../../wrappers/messages";
import { body, deliver } from "./actors";
import { MACHINE, ROOT_SEED } from "./quotes";
import { START, type World } from "./world";

type Posted = "TcbInfo" | "QeIdentity" | "Revocation";

/** What Intel says a minute before the world begins, unless asked for otherwise. */
const collateral = (options: Partial<TestCollateralOptions>): Collateral =>
  makeTestCollateral({ rootSeed: ROOT_SEED, issuedAt: START - 60, ...options });

export const tcbInfo = (options: Partial<TestCollateralOptions> = {}): OnChainDocument =>
  cutTcbInfo(collateral(options).tcbInfo, MACHINE.rootPublicKey);

export const qeIdentity = (options: Partial<TestCollateralOptions> = {}): OnChainDocument =>
  cutQeIdentity(collateral(options).qeIdentity, MACHINE.rootPublicKey);

/** A stranger posts it for the least value less `short`. */
export async function post(world: World, what: Posted, content: (b: Builder) => void, short = 0n) {
  const { attestation } = world;
  const value = {
    TcbInfo: () => attestation.getMinValueToPostTcbInfo(),
    QeIdentity: () => attestation.getMinValueToPostQeIdentity(),
    Revocation: () => attestation.getMinValueToPostRevocation(),
  }[what];
  return deliver(world, {
    from: world.stranger,
    to: attestation.address,
    value: (await value()) - short,
    body: body(content),
  });
}

export const postTcbInfo = (world: World, cells: OnChainDocument, short?: bigint) =>
  post(world, "TcbInfo", storePostTcbInfo({ $$type: "PostTcbInfo", queryId: 1n, ...cells }), short);

export const postQeIdentity = (world: World, cells: OnChainDocument, short?: bigint) =>
  post(world, "QeIdentity", storePostQeIdentity({ $$type: "PostQeIdentity", queryId: 1n, ...cells }), short);
