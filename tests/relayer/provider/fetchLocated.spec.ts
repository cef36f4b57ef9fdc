import { createHash } from "node:crypto";
import { createServer, type Server } from "node:http";
import { DEFAULT_POLICY } from "../../../relayer/provider/policy";
import { fetchLocated } from "../../../relayer/provider/tasks/fetchLocated";
import { MAX_TASK_CONTENT } from "../../../relayer/task";

const CONTENT = Buffer.from("the content");

describe("what a stranger's task points to", () => {
  let host: Server;
  let url: string;
  let hits = 0;
  beforeAll(async () => {
    host = createServer((incoming, response) => {
      hits += 1;
      if (incoming.url === "/moved") {
        response.writeHead(302, { location: "/content" }).end();
      } else if (incoming.url === "/endless") {
        const more = () => {
          if (!response.destroyed) {
            response.write(Buffer.alloc(65_536), more);
          }
        };
        more();
      } else if (incoming.url !== "/silent") {
        response.end(CONTENT);
      }
    });
    await new Promise<void>((resolve) => host.listen(0, "127.0.0.1", resolve));
    const address = host.address();
    url = `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
  });
  afterAll(async () => {
    host.closeAllConnections();
    await new Promise((resolve) => host.close(resolve));
  });

  const friendly = { ...DEFAULT_POLICY, taskSchemes: ["http"], taskPrivateHosts: true };
  const place = (locator: string, more: { size?: number; sha256?: Uint8Array } = {}) => ({
    form: "located" as const,
    kind: "text" as const,
    size: CONTENT.length,
    sha256: createHash("sha256").update(CONTENT).digest(),
    locator,
    ...more,
  });
  const codeOf = async (locator: string, policy: Parameters<typeof fetchLocated>[1] = friendly, more = {}) =>
    await fetchLocated(place(locator, more), policy).then(
      () => "fetched",
      (error: unknown) => (error instanceof Error && "code" in error ? error.code : error),
    );

  it("is fetched when it is what was named", async () => {
    expect(Buffer.from(await fetchLocated(place(`${url}/content`), friendly))).toEqual(CONTENT);
  });

  it("is refused when it is something else, longer, gone or elsewhere by now", async () => {
    expect(await codeOf(`${url}/content`, friendly, { sha256: Buffer.alloc(32) })).toBe("NOT_FOUND");
    expect(await codeOf(`${url}/content`, friendly, { size: 4 })).toBe("NOT_FOUND");
    expect(await codeOf(`${url}/endless`)).toBe("NOT_FOUND");
    expect(await codeOf(`${url}/moved`)).toBe("NOT_FOUND");
    expect(await codeOf(`${url}/content`, friendly, { size: MAX_TASK_CONTENT + 1 })).toBe("BODY_TOO_LARGE");
  });

  it("is tried again later when its host says nothing or nobody listens", async () => {
    expect(await codeOf(`${url}/silent`, { ...friendly, taskFetchMs: 50 })).toBe("TIMEOUT");
    expect(await codeOf("http://127.0.0.1:1/")).toBe("TIMEOUT");
  });

  it.each([
    ["http://example.com/", "a scheme without TLS"],
    ["file:///etc/passwd", "a file"],
    ["https://user:word@example.com/", "words to log in with"],
    ["no address", "no address at all"],
    ["https://127.0.0.1/", "this machine"],
    ["https://2130706433/", "this machine as one number"],
    ["https://0x7f.1/", "this machine in hex"],
    ["https://[::1]/", "this machine in IPv6"],
    ["https://[::ffff:127.0.0.1]/", "this machine as a mapped address"],
    ["https://10.1.2.3/", "a private network"],
    ["https://169.254.169.254/latest/meta-data/", "a cloud's metadata"],
    ["https://[fd00::1]/", "a private network in IPv6"],
    ["https://[64:ff9b::7f00:1]/", "this machine through a translator"],
  ])("%s is not asked: %s", async (locator) => {
    expect(await codeOf(locator, DEFAULT_POLICY)).toBe("BAD_REQUEST");
  });

  it("a name is judged by what it resolves to, at the moment of connecting", async () => {
    const before = hits;
    const named = url.replace("127.0.0.1", "localhost");
    const policy = { ...friendly, taskPrivateHosts: false };
    expect(await codeOf(`${named}/content`, policy)).toBe("TIMEOUT");
    expect(hits).toBe(before);
    expect(await codeOf(`${named}/content`, friendly)).toBe("fetched");
  });
});
