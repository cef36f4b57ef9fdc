import { type Kysely, type Migration, sql } from "kysely";
import type { StoreKind } from "../store";

/** The first schema. SQLite and PostgreSQL differ in one column: the intents' running number. */
export function m0001(kind: StoreKind): Migration {
  return {
    up: async (db: Kysely<unknown>) => {
      await chainTables(db);
      await outboxTables(db, kind);
      await laneTables(db);
      await gatewayTables(db);
    },
  };
}

async function chainTables(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable("cursors")
    .addColumn("account", "text", (c) => c.primaryKey())
    .addColumn("lt", "text", (c) => c.notNull())
    .addColumn("hash", "text", (c) => c.notNull())
    .addColumn("updatedAt", "bigint", (c) => c.notNull())
    .execute();
  await db.schema
    .createTable("events")
    .addColumn("account", "text", (c) => c.notNull())
    .addColumn("lt", "text", (c) => c.notNull())
    .addColumn("idx", "integer", (c) => c.notNull())
    .addColumn("kind", "text", (c) => c.notNull())
    .addColumn("body", "text", (c) => c.notNull())
    .addColumn("utime", "bigint", (c) => c.notNull())
    .addPrimaryKeyConstraint("eventsPk", ["account", "lt", "idx"])
    .execute();
  await db.schema.createIndex("eventsByKind").on("events").columns(["kind", "utime"]).execute();
  await db.schema
    .createTable("jobs")
    .addColumn("role", "text", (c) => c.notNull())
    .addColumn("address", "text", (c) => c.notNull())
    .addColumn("provider", "text")
    .addColumn("developer", "text", (c) => c.notNull())
    .addColumn("nonce", "text", (c) => c.notNull())
    .addColumn("modelHash", "text", (c) => c.notNull())
    .addColumn("sessionKey", "text", (c) => c.notNull())
    .addColumn("terms", "text")
    .addColumn("budget", "text", (c) => c.notNull())
    .addColumn("settled", "text", (c) => c.notNull())
    .addColumn("pending", "text", (c) => c.notNull())
    .addColumn("state", "text", (c) => c.notNull())
    .addColumn("deadlineSeconds", "bigint", (c) => c.notNull())
    .addColumn("closeSeconds", "bigint")
    .addColumn("extra", "text", (c) => c.notNull())
    .addColumn("createdAt", "bigint", (c) => c.notNull())
    .addColumn("updatedAt", "bigint", (c) => c.notNull())
    .addPrimaryKeyConstraint("jobsPk", ["role", "address"])
    .execute();
  await db.schema.createIndex("jobsByState").on("jobs").columns(["role", "state"]).execute();
}

async function outboxTables(db: Kysely<unknown>, kind: StoreKind): Promise<void> {
  const seq = kind === "postgres" ? "bigserial" : "integer";
  await db.schema
    .createTable("intents")
    .addColumn("seq", seq, (c) => (kind === "postgres" ? c.primaryKey() : c.primaryKey().autoIncrement()))
    .addColumn("key", "text", (c) => c.notNull().unique())
    .addColumn("wallet", "text", (c) => c.notNull())
    .addColumn("destination", "text", (c) => c.notNull())
    .addColumn("value", "text", (c) => c.notNull())
    .addColumn("bounce", "integer", (c) => c.notNull())
    .addColumn("body", "text")
    .addColumn("init", "text")
    .addColumn("note", "text")
    .addColumn("status", "text", (c) => c.notNull())
    .addColumn("batchId", "text")
    .addColumn("position", "integer")
    .addColumn("attempts", "integer", (c) => c.notNull())
    .addColumn("txLt", "text")
    .addColumn("outIndex", "integer")
    .addColumn("outLt", "text")
    .addColumn("exitCode", "bigint")
    .addColumn("bounceLt", "text")
    .addColumn("createdAt", "bigint", (c) => c.notNull())
    .addColumn("updatedAt", "bigint", (c) => c.notNull())
    .execute();
  await db.schema.createIndex("intentsByStatus").on("intents").columns(["wallet", "status", "seq"]).execute();
  await db.schema.createIndex("intentsByBatch").on("intents").column("batchId").execute();
  await db.schema
    .createTable("batches")
    .addColumn("id", "text", (c) => c.primaryKey())
    .addColumn("wallet", "text", (c) => c.notNull())
    .addColumn("seqno", "bigint", (c) => c.notNull())
    .addColumn("validUntilSeconds", "bigint", (c) => c.notNull())
    .addColumn("boc", "text", (c) => c.notNull())
    .addColumn("walletLt", "text", (c) => c.notNull())
    .addColumn("status", "text", (c) => c.notNull())
    .addColumn("txLt", "text")
    .addColumn("createdAt", "bigint", (c) => c.notNull())
    .addColumn("updatedAt", "bigint", (c) => c.notNull())
    .execute();
  // Never two live bodies for one wallet: the database itself refuses the second.
  await db.schema
    .createIndex("oneLiveBatch")
    .unique()
    .on("batches")
    .column("wallet")
    .where(sql<string>`status`, "=", "live")
    .execute();
}

async function laneTables(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable("lanes")
    .addColumn("job", "text", (c) => c.notNull())
    .addColumn("worker", "text", (c) => c.notNull())
    .addColumn("size", "text", (c) => c.notNull())
    .addColumn("root", "text", (c) => c.notNull())
    .addColumn("amount", "text", (c) => c.notNull())
    .addColumn("issuedAtSeconds", "bigint", (c) => c.notNull())
    .addColumn("signature", "text", (c) => c.notNull())
    .addColumn("cosignedSize", "text")
    .addColumn("cosignedRoot", "text")
    .addColumn("cosignedAmount", "text")
    .addColumn("cosignedIssuedAtSeconds", "bigint")
    .addColumn("cosignedSignature", "text")
    .addColumn("cosignature", "text")
    .addColumn("claimed", "text", (c) => c.notNull())
    .addColumn("settled", "text", (c) => c.notNull())
    .addColumn("pending", "text", (c) => c.notNull())
    .addColumn("pendingUntilSeconds", "bigint")
    .addColumn("updatedAt", "bigint", (c) => c.notNull())
    .addPrimaryKeyConstraint("lanesPk", ["job", "worker"])
    .execute();
  await db.schema
    .createTable("receipts")
    .addColumn("requestId", "text", (c) => c.primaryKey())
    .addColumn("job", "text", (c) => c.notNull())
    .addColumn("worker", "text", (c) => c.notNull())
    .addColumn("idx", "text", (c) => c.notNull())
    .addColumn("leaf", "text", (c) => c.notNull())
    .addColumn("proof", "text", (c) => c.notNull())
    .addColumn("head", "text", (c) => c.notNull())
    .addColumn("requestHash", "text", (c) => c.notNull())
    .addColumn("responseHash", "text", (c) => c.notNull())
    .addColumn("amount", "text", (c) => c.notNull())
    .addColumn("createdAt", "bigint", (c) => c.notNull())
    .addUniqueConstraint("receiptsByLane", ["job", "worker", "idx"])
    .execute();
}

async function gatewayTables(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable("apiKeys")
    .addColumn("id", "text", (c) => c.primaryKey())
    .addColumn("hash", "text", (c) => c.notNull().unique())
    .addColumn("name", "text", (c) => c.notNull())
    .addColumn("limit", "text")
    .addColumn("spent", "text", (c) => c.notNull())
    .addColumn("limits", "text", (c) => c.notNull())
    .addColumn("createdAt", "bigint", (c) => c.notNull())
    .addColumn("revokedAt", "bigint")
    .execute();
  await db.schema
    .createTable("calls")
    .addColumn("requestId", "text", (c) => c.primaryKey())
    .addColumn("salt", "text", (c) => c.notNull())
    .addColumn("apiKeyId", "text")
    .addColumn("job", "text", (c) => c.notNull())
    .addColumn("worker", "text", (c) => c.notNull())
    .addColumn("model", "text", (c) => c.notNull())
    .addColumn("status", "text", (c) => c.notNull())
    .addColumn("maxCost", "text", (c) => c.notNull())
    .addColumn("cost", "text")
    .addColumn("promptTokens", "bigint")
    .addColumn("completionTokens", "bigint")
    .addColumn("createdAt", "bigint", (c) => c.notNull())
    .addColumn("finishedAt", "bigint")
    .execute();
  await db.schema.createIndex("callsByTime").on("calls").column("createdAt").execute();
  await db.schema
    .createTable("sessions")
    .addColumn("job", "text", (c) => c.primaryKey())
    .addColumn("publicKey", "text", (c) => c.notNull())
    .addColumn("sealedSecret", "text", (c) => c.notNull())
    .addColumn("createdAt", "bigint", (c) => c.notNull())
    .addColumn("closedAt", "bigint")
    .execute();
}
