import { readPem } from "../../../relayer/attestation/certificates/certificate";
import { parseSpdmReport } from "../../../relayer/attestation/gpu/spdmReport";
import { NVIDIA_ROOT_KEY_INFO, verifyGpu } from "../../../relayer/attestation/gpu/verifyGpu";
import { AMD_ROOT_KEY_HASHES, verifySnp } from "../../../relayer/attestation/snp/verifySnp";
import { describeVectors, vector, vectorText } from "./vectors";

const NOW = Date.parse("2026-11-01T00:00:00Z") / 1000;
const FLIPS = 200;

const flip = (bytes: Buffer, at: number, bit: number): Buffer => {
  const changed = Buffer.from(bytes);
  changed.writeUInt8(changed.readUInt8(at) ^ (1 << bit), at);
  return changed;
};

interface GpuEvidence {
  readonly report: Buffer;
  readonly chain: string;
  readonly nonce: Buffer;
  readonly driver: string | undefined;
  readonly vbios: string | undefined;
}

function gpus(path: string): GpuEvidence[] {
  return JSON.parse(vectorText(path)).map((one: Record<string, string>) => ({
    report: Buffer.from(String(one.evidence), "base64"),
    chain: Buffer.from(String(one.certificate), "base64").toString("latin1"),
    nonce: Buffer.from(String(one.nonce), "hex"),
    driver: one.driver_version,
    vbios: one.vbios_version,
  }));
}

const failedOf = (gpu: GpuEvidence, changes: { nonce?: Buffer; root?: Buffer; firmware?: [] } = {}) => {
  let { driver = "", vbios = "" } = gpu;
  try {
    const report = parseSpdmReport(gpu.report);
    ({ driver, vbios } = { driver: gpu.driver ?? report.driver, vbios: gpu.vbios ?? report.vbios });
  } catch {}
  return verifyGpu(gpu, {
    rootKeyInfo: changes.root ?? NVIDIA_ROOT_KEY_INFO,
    nonce: changes.nonce ?? gpu.nonce,
    firmware: changes.firmware ?? [{ driver, vbios }],
    nowSeconds: NOW,
  }).failed;
};

const SDK = "nvidia-attestation-sdk/common-test-data/serialized_test_evidence";
const UNIT = "nvidia-attestation-sdk/nv-attestation-sdk-cpp/unit-tests/testdata";
const PPCIE = "nvidia-nvtrust/guest_tools/ppcie-verifier-sdk-cpp/tests/data";

describeVectors("GPUs' reports", () => {
  it.each([
    [`${SDK}/hopper_evidence.json`, 1],
    [`${SDK}/multi_gpu_hopper.json`, 4],
    [`${UNIT}/evidence_hopper_590_12.json`, 1],
    [`${PPCIE}/gpu_evidence.json`, 8],
    // On hold at NVIDIA's online service, which nobody asks here.
    [`${SDK}/hopper_evidence_cert_hold.json`, 1],
  ])("are accepted: %s", (path, count) => {
    expect(gpus(path).map((gpu) => failedOf(gpu))).toEqual(Array(count).fill([]));
  });

  it("are refused with another nonce, root or firmware, each by name", () => {
    const [gpu, other] = gpus(`${PPCIE}/gpu_evidence.json`);
    if (gpu === undefined || other === undefined) {
      throw new Error("eight GPUs");
    }
    expect(failedOf(gpu, { nonce: Buffer.alloc(32) })).toEqual(["nonce"]);
    expect(failedOf(gpu, { root: Buffer.alloc(120) })).toEqual(["chain.root"]);
    expect(failedOf(gpu, { firmware: [] })).toEqual(["firmwareNotAllowed"]);
    expect(failedOf({ ...gpu, driver: "1.0" })).toEqual(["firmwareNotAllowed"]);
    expect(failedOf({ ...gpu, chain: other.chain })).toContain("signature");
    expect(failedOf({ ...gpu, chain: "" })).toContain("chain.length");
  });

  it("are refused with any signed byte flipped", () => {
    const [gpu] = gpus(`${SDK}/hopper_evidence.json`);
    if (gpu === undefined) {
      throw new Error("one GPU");
    }
    const accepted = Array.from({ length: FLIPS }, (_, index) => index).filter((index) => {
      const at = Math.floor((index * gpu.report.length) / FLIPS);
      return failedOf({ ...gpu, report: flip(gpu.report, at, index % 8) }).length === 0;
    });
    expect(accepted).toEqual([]);
  });
});

describeVectors("AMD's SEV-SNP reports", () => {
  const GO_SEV = "google-go-sev-guest/verify";
  const ZERO = { bootloader: 0, tee: 0, snp: 0, microcode: 0 };
  const report = () => vector(`${GO_SEV}/testdata/attestation.bin`);
  const chain = (authorities = "trust/ask_ark_milan.pem") => [
    vector(`${GO_SEV}/testdata/vcek.testcer`),
    ...readPem(vectorText(`${GO_SEV}/${authorities}`)),
  ];
  const failed = (
    changes: { report?: Buffer; chain?: Buffer[]; roots?: string[]; minimumTcb?: typeof ZERO } = {},
  ) =>
    verifySnp(
      { report: changes.report ?? report(), chain: changes.chain ?? chain() },
      {
        rootKeyHashes: changes.roots ?? Object.values(AMD_ROOT_KEY_HASHES),
        nowSeconds: NOW,
        minimumTcb: changes.minimumTcb ?? ZERO,
        vlekProviders: [],
      },
    ).failed;

  it("hold in all but the debugging that this one's policy allows", () => {
    expect(failed()).toEqual(["policyDebug"]);
  });

  it("are refused under another root, below the least versions, and with another product's authorities", () => {
    expect(failed({ roots: [AMD_ROOT_KEY_HASHES.Genoa] })).toEqual(expect.arrayContaining(["chain.root"]));
    expect(failed({ minimumTcb: { ...ZERO, microcode: 255 } })).toContain("minimumTcb");
    expect(failed({ chain: chain("trust/ask_ark_genoa.pem") })).toEqual(
      expect.arrayContaining(["chain.signature", "chain.issuer"]),
    );
    expect(failed({ chain: chain("trust/ask_ark_milan_vlek.pem") })).toEqual(
      expect.arrayContaining(["chain.role", "chain.signature"]),
    );
  });

  it.each(["genoa", "milan", "turin_vcek", "genoa_vlek", "milan_vlek", "turin_vlek"])(
    "know AMD's authorities: %s",
    (name) => {
      const faults = failed({ chain: chain(`trust/ask_ark_${name}.pem`) });
      expect(faults).not.toContain("chain.root");
      expect(faults).not.toContain("chain.authority");
    },
  );

  it("lose their signature with any signed byte flipped", () => {
    const whole = report();
    const kept = Array.from({ length: FLIPS }, (_, index) => index).filter((index) => {
      const at = Math.floor((index * 0x2a0) / FLIPS);
      const faults = failed({ report: flip(whole, at, index % 8) });
      return !faults.includes("signature") && !faults.includes("reportFormat");
    });
    expect(kept).toEqual([]);
  });
});
