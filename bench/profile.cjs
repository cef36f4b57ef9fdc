// Required into a process under test: profiles its CPU from SIGUSR2 to its end. `--cpu-prof` would profile its start
// too, and Node 20 does not take it from NODE_OPTIONS.
const { mkdirSync, writeFileSync } = require("node:fs");
const { Session } = require("node:inspector");
const { join } = require("node:path");

const INTERVAL_US = 200;
const dir = process.env.BENCH_PROFILE_DIR;

process.once("SIGUSR2", () => {
  const session = new Session();
  session.connect();
  session.post("Profiler.enable");
  session.post("Profiler.setSamplingInterval", { interval: INTERVAL_US });
  session.post("Profiler.start");
  process.once("exit", () => {
    session.post("Profiler.stop", (error, result) => {
      if (error === null) {
        mkdirSync(dir, { recursive: true });
        writeFileSync(
          join(dir, `${process.env.BENCH_PROFILE_NAME}.cpuprofile`),
          JSON.stringify(result.profile),
        );
      }
    });
  });
});
