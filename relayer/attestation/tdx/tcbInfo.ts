import { z } from "zod";
import { TCB_STATUSES } from "./tcbStatus";

/** Intel's signed JSON documents; what is not named here is not used. Hex of either case, dates in ISO 8601. */
export const hexText = (bytes: number) =>
  z
    .string()
    .regex(new RegExp(`^[0-9A-Fa-f]{${2 * bytes}}$`))
    .transform((text) => text.toLowerCase());
export const isoSeconds = z.iso.datetime().transform((text) => Date.parse(text) / 1000);
const svn = z.int().min(0).max(65_535);
const components = z.array(z.object({ svn })).length(16);

/** One level of a list that is searched from the top: the first that a machine reaches is its own. */
const levelFacts = {
  tcbDate: z.iso.datetime(),
  tcbStatus: z.enum(TCB_STATUSES),
  advisoryIDs: z.array(z.string()).default([]),
};
export const enclaveLevels = z.array(z.object({ tcb: z.object({ isvsvn: svn }), ...levelFacts }));

const moduleFields = { mrsigner: hexText(48), attributes: hexText(8), attributesMask: hexText(8) };

const tcbInfoSchema = z.object({
  id: z.enum(["TDX", "SGX"]),
  version: z.literal(3),
  issueDate: isoSeconds,
  nextUpdate: isoSeconds,
  fmspc: hexText(6),
  pceId: hexText(2),
  tcbType: z.literal(0),
  tcbEvaluationDataNumber: z.int().min(0),
  tdxModule: z.object(moduleFields).optional(),
  tdxModuleIdentities: z
    .array(z.object({ id: z.string(), ...moduleFields, tcbLevels: enclaveLevels }))
    .default([]),
  tcbLevels: z.array(
    z.object({
      tcb: z.object({
        sgxtcbcomponents: components,
        pcesvn: svn,
        tdxtcbcomponents: components.optional(),
      }),
      ...levelFacts,
    }),
  ),
});

const qeIdentitySchema = z.object({
  id: z.enum(["TD_QE", "QE"]),
  version: z.literal(2),
  issueDate: isoSeconds,
  nextUpdate: isoSeconds,
  tcbEvaluationDataNumber: z.int().min(0),
  miscselect: hexText(4),
  miscselectMask: hexText(4),
  attributes: hexText(16),
  attributesMask: hexText(16),
  mrsigner: hexText(32),
  isvprodid: z.int().min(0).max(65_535),
  tcbLevels: enclaveLevels,
});

export type TcbInfo = z.infer<typeof tcbInfoSchema>;
export type QeIdentity = z.infer<typeof qeIdentitySchema>;

/** Undefined for what is no such document. */
export function parseTcbInfo(text: string): TcbInfo | undefined {
  return parseDocument(tcbInfoSchema, text);
}

export function parseQeIdentity(text: string): QeIdentity | undefined {
  return parseDocument(qeIdentitySchema, text);
}

function parseDocument<T>(schema: z.ZodType<T>, text: string): T | undefined {
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
