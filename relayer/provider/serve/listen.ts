import type { Server } from "node:http";
import { FinalError } from "../../errors";

/** The port that the server listens on from now on. Throws `CONFIG_INVALID`. */
export function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause) =>
      reject(
        new FinalError("CONFIG_INVALID", "The relayer cannot listen on its port.", { host, port }, { cause }),
      ),
    );
    server.listen(port, host, () => {
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : port);
    });
  });
}
