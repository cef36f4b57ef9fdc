import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const VERSIONS = "/usr/lib/postgresql";

export interface TestPostgres {
  /** The URL of a new, empty database. */
  freshDatabase(): string;
  stop(): void;
}

/** The folder with initdb, or undefined on a machine without PostgreSQL. */
export function findPostgres(): string | undefined {
  if (!existsSync(VERSIONS)) {
    return undefined;
  }
  const folders = readdirSync(VERSIONS).map((version) => join(VERSIONS, version, "bin"));
  return folders.sort().findLast((folder) => existsSync(join(folder, "initdb")));
}

/** PostgreSQL refuses to run as root, so root lends the cluster to an ordinary account. */
function ordinaryUser(): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) {
    return undefined;
  }
  const accounts = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .map((line) => line.split(":"));
  const account = ["postgres", "nobody"]
    .map((name) => accounts.find((fields) => fields[0] === name))
    .find((fields) => fields !== undefined);
  return account === undefined ? undefined : { uid: Number(account[2]), gid: Number(account[3]) };
}

/** A temporary cluster on a unix socket. */
export function startPostgres(bin: string): TestPostgres {
  const folder = mkdtempSync(join(tmpdir(), "cocoon-pg-"));
  const user = ordinaryUser();
  if (user !== undefined) {
    chownSync(folder, user.uid, user.gid);
  }
  chmodSync(folder, 0o700);
  const data = join(folder, "data");
  const run = (program: string, args: readonly string[]) =>
    execFileSync(join(bin, program), [...args], { ...user, cwd: folder, stdio: "ignore" });
  run("initdb", ["-D", data, "-U", "cocoon", "-A", "trust", "-E", "UTF8", "--no-sync"]);
  const settings = `-k ${folder} -c listen_addresses='' -c max_connections=100`;
  run("pg_ctl", ["-D", data, "-w", "-l", join(folder, "log"), "-o", settings, "start"]);
  let count = 0;
  return {
    freshDatabase: () => {
      count += 1;
      const name = `t${count}`;
      run("createdb", ["-h", folder, "-U", "cocoon", name]);
      return `postgres:///${name}?host=${encodeURIComponent(folder)}&user=cocoon`;
    },
    stop: () => {
      run("pg_ctl", ["-D", data, "-w", "-m", "immediate", "stop"]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
