// A long suite that begins last keeps one core waiting for it. On a new machine jest knows no durations and goes by the
// files' sizes, so the longest are named here.
const { default: Sequencer } = require("@jest/test-sequencer");

const LONGEST = [
  "tests/contracts/fuzz/",
  "tests/e2e/",
  "tests/relayer/gateway/",
  "tests/relayer/provider/",
  "tests/relayer/cli/",
];

class LongestFirst extends Sequencer {
  sort(tests) {
    const place = ({ path }) => {
      const found = LONGEST.findIndex((folder) => path.includes(folder));
      return found < 0 ? LONGEST.length : found;
    };
    return super.sort(tests).sort((left, right) => place(left) - place(right));
  }
}

module.exports = LongestFirst;
