import { randomBytes } from "node:crypto";
import { beginCell, Cell } from "@ton/core";
import { keyPairFromSeed, sha256_sync, sign, signVerify } from "@ton/crypto";

describe("the faster parts of @ton's libraries in tests", () => {
  it("hash as SHA-256 does", () => {
    const empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    const abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    expect(sha256_sync("").toString("hex")).toBe(empty);
    expect(sha256_sync("abc").toString("hex")).toBe(abc);
    expect(sha256_sync(Buffer.from("abc")).toString("hex")).toBe(abc);
  });

  it("sign as RFC 8032 says, and as the library itself verifies", () => {
    const seed = Buffer.from("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", "hex");
    const { publicKey, secretKey } = keyPairFromSeed(seed);
    expect(publicKey.toString("hex")).toBe(
      "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    );
    expect(sign(Buffer.alloc(0), secretKey).toString("hex")).toBe(
      "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    );
    const pair = keyPairFromSeed(randomBytes(32));
    const message = randomBytes(100);
    expect(signVerify(message, sign(message, pair.secretKey), pair.publicKey)).toBe(true);
  });

  it("write a cell as it is, however often, and whatever becomes of the bytes", () => {
    const cell = beginCell().storeUint(7, 40).storeRef(beginCell().storeUint(1, 1).endCell()).endCell();
    const first = cell.toBoc();
    const bytes = first.toString("hex");
    expect(Cell.fromBoc(first)[0]?.equals(cell)).toBe(true);
    first.fill(0);
    expect(cell.toBoc().toString("hex")).toBe(bytes);
    expect(cell.toBoc({ idx: false, crc32: true }).toString("hex")).toBe(bytes);
    expect(cell.toBoc({ idx: false, crc32: false }).length).toBe(bytes.length / 2 - 4);
  });
});
