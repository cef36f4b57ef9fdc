import type { Methods } from "../context";
import { accountMethods } from "./accounts";
import { blockMethods } from "./blocks";
import { sendMethods } from "./send";
import { transactionMethods } from "./transactions";

/** toncenter API v2, the same for JSON-RPC and REST. */
export const v2Methods: Methods = {
  ...accountMethods,
  ...blockMethods,
  ...sendMethods,
  ...transactionMethods,
};
