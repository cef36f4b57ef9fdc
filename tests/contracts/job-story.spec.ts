import { toNano, type Transaction } from "@ton/core";
import "@ton/test-utils";
import { exitCodeName } from "../../wrappers/exit-codes";
import { decodeEvent } from "../../wrappers/events";
import { settle } from "../support/heads";
import { BUDGET, createWorld, enlistProvider, openJob, type World } from "../support/world";

function lines(txs: readonly Transaction[]) {
  return txs.map((t) => {
    const d = t.description;
    const c = d.type === "generic" && d.computePhase.type === "vm" ? d.computePhase : undefined;
    return `${t.inMessage?.body.beginParse().remainingBits ?? 0} exit ${c ? exitCodeName(c.exitCode) : "-"} gas ${c?.gasUsed} fees ${t.totalFees.coins} out ${t.outMessagesCount} action ${d.type === "generic" ? d.actionPhase?.resultCode : ""} ext ${t.externals?.map((e) => decodeEvent(e.body)?.$$type)}`;
  });
}

describe("a session's life", () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld();
    await enlistProvider(world);
  });

  it("opens, is accepted in the same chain, settles, and closes", async () => {
    const job = await world.job(1n);
    const value = BUDGET + (await world.network.getMinValueToOpenJob());
    console.log("min open", value - BUDGET);
    const opened = await job.send(world.developer.getSender(), { value }, openJob(world));
    console.log(lines(opened.transactions).join("\n"));
    const settled = await job.send(world.operator.getSender(), { value: await job.getMinValueToSettle() }, settle({ job: job.address, amount: toNano("0.5") }));
    console.log(lines(settled.transactions).join("\n"));
    const s2 = await job.send(world.operator.getSender(), { value: await job.getMinValueToSettle() }, settle({ job: job.address, amount: toNano("0.6"), session: null }));
    console.log(lines(s2.transactions).join("\n"));
    const closing = await job.send(world.developer.getSender(), { value: await job.getMinValueToCloseJob() }, { $$type: "CloseJob", queryId: 1n });
    console.log(lines(closing.transactions).join("\n"));
    console.log(await job.getMinValueToEndJob());
    const released = await job.send(world.operator.getSender(), { value: await job.getMinValueToEndJob() }, { $$type: "ReleaseJob", queryId: 1n });
    console.log(lines(released.transactions).join("\n"));
    console.log(await world.provider.getProviderState());
    const all = [opened, settled, closing, released].flatMap((r) => r.transactions);
    console.log("fees", all.reduce((s, t) => s + t.totalFees.coins + [...t.outMessages.values()].reduce((f, m) => f + (m.info.type === "internal" ? m.info.forwardFee : 0n), 0n), 0n));
  });
});
